//! What passes and bundles share: bind groups, immediates, debug groups, open or ended.
