//! The growing tree: one writer appends leaf hashes; full tiles go to the store, the right edge stays in memory.
//! Before: an entry that is durable in the journal. After: a [`View`] for checkpoints and proofs.

use std::sync::Arc;

use crate::domain::Digest;
use crate::trail::checkpoint::Checkpoint;
use crate::trail::shelf::{From, Leaves, Shelf, TreeError};
use crate::trail::tile::{TILE_HEIGHT, Tile, TileId};
use crate::trail::tiles::Tiles;
use crate::trail::view::View;

/// The tree of one log. Only its owner appends; readers get a [`View`].
pub struct Tree {
    view: View,
}

impl Tree {
    /// The tree over the journal's first `size` entries, from stored full tiles and the leaf hashes of the last,
    /// incomplete one. Missing tiles are made again. If the tree does not have the root of `known` (the last signed
    /// checkpoint, of at most `size` entries), every tile is made again from the journal; if it still does not,
    /// the journal is not the one that was signed.
    pub fn open(
        tiles: Arc<dyn Tiles>,
        leaves: Arc<dyn Leaves>,
        size: u64,
        known: Option<&Checkpoint>,
    ) -> Result<Self, TreeError> {
        let shelf = Arc::new(Shelf::new(tiles, leaves));
        let view = view(&shelf, size, From::Tiles)?;
        if agrees(&view, known)? {
            return Ok(Self { view });
        }
        tracing::warn!(size, "the stored tiles are not those of the journal: making them again");
        let view = self::view(&shelf, size, From::Journal)?;
        match known {
            Some(known) if !agrees(&view, Some(known))? => Err(TreeError::RootMismatch { size: known.size }),
            _ => Ok(Self { view }),
        }
    }

    /// Appends the leaf hashes of entries that are durable. Never fails: a tile that cannot be stored is made again
    /// when it is needed.
    pub fn append(&mut self, leaves: &[Digest]) {
        for leaf in leaves {
            self.push(*leaf);
        }
    }

    /// The tree as it is now. Clone it to keep it.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.view
    }

    fn push(&mut self, leaf: Digest) {
        let mut carried = Some(leaf);
        for level in 0.. {
            let Some(hash) = carried.take() else { break };
            if self.view.edges.len() == usize::from(level) {
                self.view.edges.push(Arc::default());
            }
            let Some(edge) = self.view.edges.get_mut(usize::from(level)) else { break };
            carried = Arc::make_mut(edge).push(hash);
            if carried.is_some() {
                let index = self.view.size >> (TILE_HEIGHT * (u32::from(level) + 1));
                self.view.shelf.keep(TileId { level, index }, std::mem::take(edge));
            }
        }
        self.view.size = self.view.size.saturating_add(1);
    }
}

/// The right edge at `size`, level by level: the leaves of the incomplete tile, then roots of full tiles.
fn view(shelf: &Arc<Shelf>, size: u64, from: From) -> Result<View, TreeError> {
    let mut edges = Vec::new();
    let mut hashes = size;
    for level in 0_u8.. {
        if hashes == 0 {
            break;
        }
        let first = hashes >> TILE_HEIGHT << TILE_HEIGHT;
        let edge = match level.checked_sub(1) {
            None => shelf.leaves(first..hashes)?,
            Some(below) => (first..hashes)
                .map(|index| shelf.root(TileId { level: below, index }, from))
                .collect::<Result<_, _>>()?,
        };
        edges.push(Arc::new(growing(&edge)));
        hashes >>= TILE_HEIGHT;
    }
    Ok(View { size, edges, shelf: Arc::clone(shelf) })
}

fn growing(hashes: &[Digest]) -> Tile {
    let mut tile = Tile::default();
    for hash in hashes {
        tile.push(*hash);
    }
    tile
}

fn agrees(view: &View, known: Option<&Checkpoint>) -> Result<bool, TreeError> {
    known.map_or(Ok(true), |known| Ok(view.root_at(known.size)? == known.root))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::ops::Range;
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;
    use crate::trail::leaf::leaf_hash;
    use crate::trail::model::{Model, counted};
    use crate::trail::tiles::{FileTiles, MemoryTiles};
    use crate::trail::verify;

    fn size(count: usize) -> u64 {
        u64::try_from(count).unwrap()
    }

    /// A journal of counting entries that says what was read of it.
    #[derive(Default)]
    struct Journal {
        read: Mutex<Vec<Range<u64>>>,
    }

    impl Leaves for Journal {
        fn leaf_hashes(&self, range: Range<u64>) -> io::Result<Vec<Digest>> {
            assert!(range.end - range.start <= 256, "{range:?}");
            self.read.lock().unwrap().push(range.clone());
            Ok(range.map(|number| counted(number.try_into().unwrap())).collect())
        }
    }

    fn grown(tiles: &Arc<MemoryTiles>, count: usize) -> Tree {
        let mut tree = Tree::open(tiles.clone(), Arc::new(Journal::default()), 0, None).unwrap();
        tree.append(&Model::counting(count).leaves);
        tree
    }

    #[test]
    fn roots_are_the_reference_roots_of_certificate_transparency() {
        let inputs =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = grown(&Arc::default(), 0);
        assert_eq!(tree.view().head().unwrap().root().to_string(), roots[0]);
        for (input, root) in inputs.iter().zip(&roots[1..]) {
            tree.append(&[leaf_hash(&hex::decode(input).unwrap())]);
            assert_eq!(&tree.view().head().unwrap().root().to_string(), root);
        }
        for (size, root) in roots.iter().enumerate() {
            assert_eq!(&tree.view().root_at(self::size(size)).unwrap().to_string(), root);
        }
    }

    #[test]
    fn every_proof_up_to_600_entries_is_that_of_the_model() {
        let mut model = Model::counting(600);
        let tree = grown(&Arc::default(), 600);
        for n in 0..=600 {
            let head = tree.view().head_at(size(n)).unwrap();
            assert_eq!(head.root(), model.root(n));
            for m in 0..=n {
                assert_eq!(tree.view().consistency(size(m), size(n)).unwrap(), model.consistency(m, n), "{m} {n}");
                if m < n {
                    assert_eq!(head.inclusion(size(m)).unwrap(), model.path(m, n), "{m} {n}");
                }
            }
        }
    }

    #[test]
    fn a_tree_is_right_around_the_edges_of_tiles_and_reopens_there() {
        let mut model = Model::counting(65_800);
        let (tiles, journal) = (Arc::new(MemoryTiles::default()), Arc::new(Journal::default()));
        let mut tree = grown(&tiles, 0);
        for edge in [0, 1, 254, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_535, 65_536, 65_537, 65_793] {
            tree.append(&model.leaves[usize::try_from(tree.view().size()).unwrap()..edge]);
            let known = Checkpoint { origin: "log".to_owned(), size: size(edge), root: model.root(edge) };
            let reopened = Tree::open(tiles.clone(), journal.clone(), size(edge), Some(&known)).unwrap();
            for view in [tree.view(), reopened.view()] {
                assert_eq!(view.head().unwrap().root(), known.root, "{edge}");
                for index in [0, 1, 255, 256, 65_279, 65_280, 65_535, 65_536].into_iter().filter(|index| *index < edge)
                {
                    let path = view.head().unwrap().inclusion(size(index)).unwrap();
                    assert_eq!(path, model.path(index, edge), "{index} {edge}");
                    let proof = view.consistency(size(index), size(edge)).unwrap();
                    assert_eq!(proof, model.consistency(index, edge), "{index} {edge}");
                }
            }
            let most = journal.read.lock().unwrap().drain(..).map(|range| range.end - range.start).sum::<u64>();
            assert!(most < 256, "reopening reads the last leaves only: {most}");
        }
    }

    #[test]
    fn a_view_does_not_change_when_the_tree_grows() {
        let mut tree = grown(&Arc::default(), 300);
        let (view, root) = (tree.view().clone(), tree.view().head().unwrap().root());
        tree.append(&Model::counting(600).leaves[300..]);
        assert_eq!((view.size(), view.head().unwrap().root()), (300, root));
        assert_eq!(tree.view().root_at(300).unwrap(), root);
        let head = view.head().unwrap();
        let batch = head.inclusions(296..300).unwrap();
        assert_eq!(batch, (296..300).map(|index| head.inclusion(index).unwrap()).collect::<Vec<_>>());
    }

    #[test]
    fn what_the_tree_does_not_have_is_refused() {
        let tree = grown(&Arc::default(), 300);
        assert!(matches!(tree.view().head_at(301), Err(TreeError::Beyond { asked: 301, size: 300 })));
        assert!(matches!(tree.view().consistency(200, 100), Err(TreeError::Beyond { asked: 200, size: 100 })));
        assert!(matches!(tree.view().head().unwrap().inclusion(300), Err(TreeError::Beyond { asked: 300, size: 300 })));
    }

    /// A store that can do nothing.
    struct Broken;

    impl Tiles for Broken {
        fn get(&self, _tile: TileId) -> io::Result<Option<Vec<u8>>> {
            Err(io::Error::other("injected fault"))
        }

        fn put(&self, _tile: TileId, _bytes: &[u8]) -> io::Result<()> {
            Err(io::Error::other("injected fault"))
        }
    }

    #[test]
    fn a_store_of_tiles_that_fails_costs_time_and_nothing_else() {
        let (mut model, journal) = (Model::counting(1_000), Arc::new(Journal::default()));
        let mut tree = Tree::open(Arc::new(Broken), journal.clone(), 0, None).unwrap();
        tree.append(&model.leaves);
        let known = Checkpoint { origin: "log".to_owned(), size: 1_000, root: model.root(1_000) };
        let reopened = Tree::open(Arc::new(Broken), journal, 1_000, Some(&known)).unwrap();
        for view in [tree.view(), reopened.view()] {
            let head = view.head().unwrap();
            assert_eq!(head.root(), known.root);
            for index in [0, 255, 256, 999] {
                assert_eq!(head.inclusion(size(index)).unwrap(), model.path(index, 1_000), "{index}");
            }
        }
    }

    #[test]
    fn missing_and_damaged_tiles_are_made_again_from_the_journal() {
        let mut model = Model::counting(66_000);
        let (tiles, journal) = (Arc::new(MemoryTiles::default()), Arc::new(Journal::default()));
        grown(&tiles, 66_000);
        let (id, top) = (|index| TileId { level: 0, index }, TileId { level: 1, index: 0 });
        let whole = |id| tiles.get(id).unwrap().unwrap();
        let (seventh, upper, last) = (whole(id(7)), whole(top), whole(id(256)));
        tiles.put(id(3), &[]).unwrap();
        tiles.put(id(7), &whole(id(8))).unwrap();
        tiles.put(top, &[1; 8192]).unwrap();
        tiles.put(id(256), &[0; 8192]).unwrap();
        let known = Checkpoint { origin: "log".to_owned(), size: 66_000, root: model.root(66_000) };
        let tree = Tree::open(tiles.clone(), journal.clone(), 66_000, Some(&known)).unwrap();
        for index in [3 * 256, 7 * 256 + 9, 65_999] {
            let path = tree.view().head().unwrap().inclusion(size(index)).unwrap();
            assert_eq!(path, model.path(index, 66_000));
        }
        assert_eq!((whole(id(7)), whole(top), whole(id(256))), (seventh, upper, last));
    }

    #[test]
    fn a_journal_that_changed_is_seen_and_never_covered_up() {
        let tiles = Arc::new(MemoryTiles::default());
        let root = grown(&tiles, 1000).view().head().unwrap().root();
        let known = Checkpoint { origin: "log".to_owned(), size: 1000, root };
        let changed = |range: Range<u64>| {
            Ok(range.map(|number| counted(if number == 5 { 6 } else { number.try_into().unwrap() })).collect())
        };
        // The tiles are whole, so the tree opens; once the tile with the changed entry is lost, it cannot be replaced.
        let tree = Tree::open(tiles.clone(), Arc::new(changed), 1000, Some(&known)).unwrap();
        tiles.put(TileId { level: 0, index: 0 }, &[]).unwrap();
        assert!(matches!(tree.view().head().unwrap().inclusion(5), Err(TreeError::Inconsistent(_))));
        let fresh = Arc::new(MemoryTiles::default());
        let refused = Tree::open(fresh, Arc::new(changed), 1000, Some(&known));
        assert!(matches!(refused, Err(TreeError::RootMismatch { size: 1000 })));
        let beyond = Tree::open(tiles, Arc::new(changed), 999, Some(&known));
        assert!(matches!(beyond, Err(TreeError::Beyond { asked: 1000, size: 999 })));
    }

    #[test]
    fn a_journal_that_gives_too_few_leaves_is_an_error() {
        let short = |_: Range<u64>| Ok(Vec::new());
        let refused = Tree::open(Arc::new(MemoryTiles::default()), Arc::new(short), 5, None);
        assert!(matches!(refused, Err(TreeError::Leaves(_))));
    }

    #[derive(Debug, Clone)]
    enum Op {
        Append(usize),
        Restart,
        LoseTile(u64),
        Prove(prop::sample::Index, prop::sample::Index),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0_usize..300).prop_map(Op::Append),
            2 => Just(Op::Restart),
            1 => (0_u64..8).prop_map(Op::LoseTile),
            8 => any::<(prop::sample::Index, prop::sample::Index)>().prop_map(|(m, n)| Op::Prove(m, n)),
        ]
    }

    fn prove(tree: &Tree, model: &mut Model, m: usize, n: usize) {
        let (old, new, path) = (model.root(m), model.root(n), tree.view().consistency(size(m), size(n)).unwrap());
        verify::consistency((size(m), &old), (size(n), &new), &path).unwrap();
        if m < n {
            let path = tree.view().head_at(size(n)).unwrap().inclusion(size(m)).unwrap();
            verify::inclusion(&counted(m), size(m), size(n), &path, &new).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn proofs_verify_through_restarts_and_lost_tiles(ops in prop::collection::vec(op(), 1..40)) {
            let folder = tempfile::tempdir().unwrap();
            let mut model = Model::counting(0);
            let open = |count| {
                let tiles = Arc::new(FileTiles::open(folder.path()).unwrap());
                Tree::open(tiles, Arc::new(Journal::default()), size(count), None).unwrap()
            };
            let mut tree = open(0);
            for op in ops {
                let count = model.leaves.len();
                match op {
                    Op::Append(more) => {
                        model.leaves.extend((count..count + more).map(counted));
                        tree.append(&model.leaves[count..]);
                    }
                    Op::Restart => tree = open(count),
                    Op::LoseTile(index) => {
                        let path = folder.path().join(TileId { level: 0, index }.to_string());
                        let _ = std::fs::remove_file(path);
                    }
                    Op::Prove(m, n) => {
                        let n = n.index(count + 1);
                        prove(&tree, &mut model, m.index(n + 1), n);
                    }
                }
                prop_assert_eq!(tree.view().head().unwrap().root(), model.root(model.leaves.len()));
            }
        }
    }
}
