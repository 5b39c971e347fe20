// Errors: those of devices, and exceptions for errors of calls.

export class GPUError {
  #message;

  constructor(message) {
    if (new.target === GPUError) throw new TypeError('Illegal constructor');
    if (arguments.length < 1) throw new TypeError(`${new.target.name}: expected a message`);
    this.#message = String(message).toWellFormed();
  }

  get message() {
    return this.#message;
  }

  get [Symbol.toStringTag]() {
    return this.constructor.name;
  }
}

export class GPUValidationError extends GPUError {}
export class GPUOutOfMemoryError extends GPUError {}
export class GPUInternalError extends GPUError {}

const KINDS = {
  'validation-error': GPUValidationError,
  'out-of-memory-error': GPUOutOfMemoryError,
  'internal-error': GPUInternalError,
};

/** An error of a device, from what the host tells of it. */
export function gpuError(kind, message) {
  return new KINDS[kind.case](message);
}

export class GPUPipelineError extends DOMException {
  #reason;

  constructor(message = '', options) {
    const reason = options?.reason;
    if (reason !== 'validation' && reason !== 'internal') {
      throw new TypeError(`GPUPipelineError: expected the reason 'validation' or 'internal', but ${String(reason)} came`);
    }
    super(message, 'GPUPipelineError');
    this.#reason = reason;
  }

  get reason() {
    return this.#reason;
  }
}

export class GPUUncapturedErrorEvent extends Event {
  #error;

  constructor(type, init) {
    super(type, init);
    if (!(init?.error instanceof GPUError)) throw new TypeError('GPUUncapturedErrorEvent: expected a GPUError');
    this.#error = init.error;
  }

  get error() {
    return this.#error;
  }
}

/** The exception for an error record `{ kind, message }` of the interface. */
export function exceptionOf({ kind, message }) {
  switch (kind.case) {
    case 'type-error':
      return new TypeError(message);
    case 'range-error':
      return new RangeError(message);
    case 'operation-error':
      return new DOMException(message, 'OperationError');
    case 'abort-error':
      return new DOMException(message, 'AbortError');
    case 'gpu-pipeline-error':
      return new GPUPipelineError(message, { reason: kind.value });
    default:
      return new Error(`${kind.case}: ${message}`);
  }
}
