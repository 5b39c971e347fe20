//! What depends on what.

/// A value, a state of the flow of control, or what a variable holds at some point.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Node(u32);

/// What may differ between invocations.
pub(super) const DIFFERENT: Node = Node(0);
/// The flow of control at the beginning of the function.
pub(super) const START: Node = Node(1);
/// What is the same for all, whatever else is.
pub(super) const SAME: Node = Node(2);

const NOTHING: u32 = u32::MAX;

/// Each node's dependencies, as a list in a list.
#[derive(Debug)]
pub(super) struct Graph {
    heads: Vec<u32>,
    links: Vec<(Node, u32)>,
}

/// The nodes that others depend on, at once or through more.
#[derive(Debug)]
pub(super) struct Reached(Vec<bool>);

impl Reached {
    pub(super) fn has(&self, node: Node) -> bool {
        index(node.0).and_then(|index| self.0.get(index)).copied().unwrap_or(false)
    }
}

fn index(number: u32) -> Option<usize> {
    usize::try_from(number).ok()
}

impl Graph {
    pub(super) fn new() -> Self {
        Self { heads: vec![NOTHING; 3], links: Vec::new() }
    }

    /// A node that depends on nothing yet.
    pub(super) fn fresh(&mut self) -> Node {
        let node = Node(u32::try_from(self.heads.len()).unwrap_or(NOTHING));
        self.heads.push(NOTHING);
        node
    }

    /// A node that depends on these: one of them, where that says it all.
    pub(super) fn all(&mut self, on: impl IntoIterator<Item = Node>) -> Node {
        let (mut first, mut own) = (SAME, None);
        for node in on {
            if node == SAME || node == first {
                continue;
            }
            if first == SAME {
                first = node;
                continue;
            }
            let own = *own.get_or_insert_with(|| self.fresh());
            self.depend(own, node);
        }
        if let Some(own) = own {
            self.depend(own, first);
        }
        own.unwrap_or(first)
    }

    pub(super) fn depend(&mut self, node: Node, on: Node) {
        if on == SAME || on == node {
            return;
        }
        let Some(head) = index(node.0).and_then(|index| self.heads.get_mut(index)) else { return };
        let link = u32::try_from(self.links.len()).unwrap_or(NOTHING);
        self.links.push((on, *head));
        *head = link;
    }

    pub(super) fn reached(&self, from: impl IntoIterator<Item = Node>) -> Reached {
        let mut reached = vec![false; self.heads.len()];
        let mut pending: Vec<_> = from.into_iter().collect();
        while let Some(Node(number)) = pending.pop() {
            let Some(place) = index(number) else { continue };
            let Some(is_reached) = reached.get_mut(place) else { continue };
            if std::mem::replace(is_reached, true) {
                continue;
            }
            let mut link = self.heads.get(place).copied().unwrap_or(NOTHING);
            while let Some((on, next)) = index(link).and_then(|link| self.links.get(link)).copied() {
                pending.push(on);
                link = next;
            }
        }
        Reached(reached)
    }

    /// The same with all dependencies the other way around.
    pub(super) fn reversed(&self) -> Self {
        let mut reversed = Self { heads: vec![NOTHING; self.heads.len()], links: Vec::with_capacity(self.links.len()) };
        for (node, head) in (0..).zip(&self.heads) {
            let mut link = *head;
            while let Some((on, next)) = index(link).and_then(|link| self.links.get(link)).copied() {
                reversed.depend(on, Node(node));
                link = next;
            }
        }
        reversed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_followed() {
        let mut graph = Graph::new();
        let (a, b) = (graph.fresh(), graph.fresh());
        let both = graph.all([a, SAME, b, a]);
        assert_eq!(graph.all([SAME, a, a]), a, "one says it all");
        assert_eq!(graph.all([SAME]), SAME, "nothing to depend on");
        graph.depend(b, DIFFERENT);
        graph.depend(a, both);
        let reached = graph.reached([a]);
        assert!(reached.has(DIFFERENT) && reached.has(b) && !reached.has(START), "through two others");
        let reached = graph.reversed().reached([DIFFERENT]);
        assert!(reached.has(a) && reached.has(both) && !reached.has(START), "and back");
    }
}
