//! Categories as a tree.

use std::collections::HashMap;

use domain::CategoryId;

/// Whether hanging `child` under `parent` would make it its own ancestor. `parents` says for each category what it hangs
/// under.
#[must_use]
pub fn makes_cycle<S: std::hash::BuildHasher>(
    parents: &HashMap<CategoryId, Option<CategoryId>, S>,
    child: CategoryId,
    parent: CategoryId,
) -> bool {
    let mut at = Some(parent);
    // No path is longer than there are categories, so this ends even when the stored tree has a cycle.
    for _ in 0..=parents.len() {
        match at {
            Some(id) if id == child => return true,
            Some(id) => at = parents.get(&id).copied().flatten(),
            None => return false,
        }
    }
    true
}

/// A category with what hangs under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<T> {
    /// The category.
    pub item: T,
    /// What hangs under it, in the order given.
    pub children: Vec<Self>,
}

/// Makes the tree of a list. What hangs under something that is not in the list is left out with it.
#[must_use]
pub fn grow<T>(items: Vec<T>, id: impl Fn(&T) -> CategoryId, parent: impl Fn(&T) -> Option<CategoryId>) -> Vec<Node<T>> {
    let mut by_parent: HashMap<Option<CategoryId>, Vec<T>> = HashMap::new();
    for item in items {
        by_parent.entry(parent(&item)).or_default().push(item);
    }
    below(&mut by_parent, None, &id)
}

fn below<T>(
    by_parent: &mut HashMap<Option<CategoryId>, Vec<T>>,
    parent: Option<CategoryId>,
    id: &impl Fn(&T) -> CategoryId,
) -> Vec<Node<T>> {
    let items = by_parent.remove(&parent).unwrap_or_default();
    items
        .into_iter()
        .map(|item| {
            let children = below(by_parent, Some(id(&item)), id);
            Node { item, children }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u128) -> CategoryId {
        CategoryId::new(Uuid::from_u128(n))
    }

    #[test]
    fn a_category_never_becomes_its_own_ancestor() {
        let parents = HashMap::from([(id(1), None), (id(2), Some(id(1))), (id(3), Some(id(2)))]);
        assert!(makes_cycle(&parents, id(1), id(3)));
        assert!(makes_cycle(&parents, id(1), id(1)));
        assert!(!makes_cycle(&parents, id(3), id(1)));
        assert!(!makes_cycle(&parents, id(4), id(3)));
    }

    #[test]
    fn a_tree_grows_to_any_depth_and_orphans_are_left_out() {
        let items = vec![(1, None), (2, Some(1)), (3, Some(2)), (4, Some(9))];
        let tree = grow(items, |(n, _)| id(*n), |(_, p)| p.map(id));
        assert_eq!(tree.len(), 1);
        assert_eq!(tree[0].children[0].children[0].item.0, 3);
    }
}
