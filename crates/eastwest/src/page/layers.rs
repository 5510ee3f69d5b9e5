//! Where the boxes of a picture stand: in layers, callers before what they call.
//!
//! **Invariant:** every graph has a layout after a number of steps that its size bounds, the same one each time. A library
//! for it (rust-sugiyama 0.4) never ended on some small graphs with circles, and one thread serves pages and loop alike.
//!
//! The method is Sugiyama's, as far as some sixty boxes need it: calls that close a circle are turned round for the
//! layout, a box stands one layer after its last caller, and the boxes of a layer are sorted by where their neighbours
//! stand. A call that passes a layer has a place of its own there, so that its line runs beside the boxes and not behind
//! them. Parts without a call between them stand below each other.

use std::collections::{BTreeMap, BTreeSet};

/// How often the layers are sorted, from left to right and back.
const SWEEPS: usize = 8;

/// Where a box stands: its layer, and its row, which may lie half between two others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// From the left.
    pub(super) layer: usize,
    /// From above, in halves of a row.
    pub(super) half_row: usize,
}

/// The place of each of so many boxes.
pub(super) fn places(boxes: usize, calls: &BTreeSet<(usize, usize)>) -> Vec<Place> {
    let mut places = vec![Place { layer: 0, half_row: 0 }; boxes];
    let mut top = 0;
    for part in parts(boxes, calls) {
        let inside = |(from, _): &&(usize, usize)| part.contains(from);
        let calls: Vec<(usize, usize)> = calls.iter().filter(inside).copied().collect();
        let layers = layers_of(&part, &calls, boxes);
        let tallest = layers.iter().map(Vec::len).max().unwrap_or_default();
        for (layer, boxes) in layers.iter().enumerate() {
            for (row, number) in boxes.iter().enumerate() {
                let half_row = 2 * (top + row) + (tallest - boxes.len());
                if let Some(place) = places.get_mut(*number) {
                    *place = Place { layer, half_row };
                }
            }
        }
        top += tallest;
    }
    places
}

/// The parts of a graph without a call between them, the largest first.
fn parts(boxes: usize, calls: &BTreeSet<(usize, usize)>) -> Vec<BTreeSet<usize>> {
    let mut parts: Vec<BTreeSet<usize>> = Vec::new();
    let mut joined: Vec<usize> = (0..boxes).collect();
    for (from, to) in calls {
        let (one, other) = (joined[*from], joined[*to]);
        joined.iter_mut().filter(|part| **part == other).for_each(|part| *part = one);
    }
    let mut by_part: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (number, part) in joined.into_iter().enumerate() {
        by_part.entry(part).or_default().insert(number);
    }
    parts.extend(by_part.into_values());
    parts.sort_by_key(|part| (std::cmp::Reverse(part.len()), part.first().copied()));
    parts
}

/// The boxes of one part by layers, each layer from above to below. Numbers from `free` on are calls that pass a layer.
fn layers_of(part: &BTreeSet<usize>, calls: &[(usize, usize)], free: usize) -> Vec<Vec<usize>> {
    let mut forward = without_circles(part, calls);
    let mut depth: BTreeMap<usize, usize> = part.iter().map(|number| (*number, 0)).collect();
    // Without circles no path is longer than the number of boxes, so that this ends.
    for _ in part {
        for (from, to) in &forward {
            let next = depth[from] + 1;
            if depth[to] < next {
                depth.insert(*to, next);
            }
        }
    }
    pass_layers(&mut forward, &mut depth, free);
    let last = depth.values().max().copied().unwrap_or_default();
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); last + 1];
    for (number, layer) in depth {
        layers[layer].push(number);
    }
    for sweep in 0..SWEEPS {
        sort(&mut layers, &forward, sweep % 2 == 0);
    }
    layers
}

/// Puts a number into each layer that a call passes, and calls between neighbours in the place of the call.
fn pass_layers(
    calls: &mut Vec<(usize, usize)>,
    depth: &mut BTreeMap<usize, usize>,
    mut free: usize,
) {
    for (from, to) in std::mem::take(calls) {
        let mut at = from;
        for layer in depth[&from] + 1..depth[&to] {
            depth.insert(free, layer);
            calls.push((at, free));
            at = free;
            free += 1;
        }
        calls.push((at, to));
    }
}

/// The calls, with those that close a circle turned round.
fn without_circles(part: &BTreeSet<usize>, calls: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = Vec::new();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    // Who is called by nobody first, so that a circle is entered where a person would.
    let called: BTreeSet<usize> = calls.iter().map(|(_, to)| *to).collect();
    let starts = part.iter().filter(|number| !called.contains(number)).chain(part);
    for start in starts {
        let mut path = vec![*start];
        while let Some(at) = path.last().copied() {
            seen.insert(at);
            let next = calls.iter().find(|(from, to)| *from == at && !seen.contains(to));
            if let Some((_, to)) = next {
                path.push(*to);
                continue;
            }
            path.pop();
            if !order.contains(&at) {
                order.push(at);
            }
        }
    }
    // A box is left after all that it calls, but for those that it calls back to.
    let place = |number: usize| order.iter().position(|each| *each == number);
    let turn = |(from, to): &(usize, usize)| {
        if place(*from) > place(*to) { (*from, *to) } else { (*to, *from) }
    };
    calls.iter().map(turn).collect()
}

/// Sorts the boxes of each layer by the middle of where their neighbours stand.
fn sort(layers: &mut [Vec<usize>], calls: &[(usize, usize)], to_the_right: bool) {
    let count = layers.len();
    for step in 0..count {
        let at = if to_the_right { step } else { count - 1 - step };
        let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
        for boxes in layers.iter() {
            // In thousandths of a layer, so that layers of different heights compare.
            rows.extend(
                boxes
                    .iter()
                    .enumerate()
                    .map(|(row, number)| (*number, (2 * row + 1) * 1000 / (2 * boxes.len()))),
            );
        }
        let middle = |number: &usize| {
            let ends = calls.iter().filter_map(|(from, to)| {
                match (to_the_right && to == number, !to_the_right && from == number) {
                    (true, _) => Some(rows[from]),
                    (_, true) => Some(rows[to]),
                    _ => None,
                }
            });
            let (sum, ends) = ends.fold((0, 0), |(sum, ends), row| (sum + row, ends + 1));
            usize::checked_div(sum, ends).unwrap_or(rows[number])
        };
        let keys: BTreeMap<usize, usize> =
            layers[at].iter().map(|number| (*number, middle(number))).collect();
        layers[at].sort_by_key(|number| keys[number]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(boxes: usize, calls: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let places = places(boxes, &calls.iter().copied().collect());
        places.iter().map(|place| (place.layer, place.half_row)).collect()
    }

    #[test]
    fn a_caller_stands_before_what_it_calls_and_between_the_rows() {
        assert_eq!(layout(3, &[(0, 1), (0, 2)]), [(0, 1), (1, 0), (1, 2)]);
    }

    #[test]
    fn a_call_that_passes_a_layer_runs_beside_its_boxes() {
        assert_eq!(layout(3, &[(0, 1), (1, 2), (0, 2)]), [(0, 1), (1, 0), (2, 1)]);
    }

    #[test]
    fn a_circle_is_entered_where_its_caller_stands() {
        assert_eq!(layout(3, &[(2, 0), (0, 1), (1, 0)]), [(1, 0), (2, 0), (0, 0)]);
        assert_eq!(layout(2, &[(0, 1), (1, 0)]), [(0, 0), (1, 0)]);
    }

    #[test]
    fn lines_do_not_cross_where_they_need_not() {
        let places = layout(4, &[(0, 3), (1, 2)]);
        assert_eq!(places, [(0, 0), (0, 2), (1, 2), (1, 0)]);
    }
}
