//! The cheapest shifts that cover what is asked for, in whole numbers.

/// What is asked for, and what can be had for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Covering {
    /// By row, how much is asked for.
    pub(super) needs: Vec<f64>,
    /// What can be had.
    pub(super) columns: Vec<Column>,
}

/// One thing that can be had.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// What one costs, above 0.
    pub(super) cost: f64,
    /// How many there are.
    pub(super) most: u32,
    /// Which rows one gives something for, and how much.
    pub(super) gives: Vec<(usize, f64)>,
}

/// What is missing by less than this is there.
const SLACK: f64 = 1e-9;

impl Covering {
    /// How many of each: whatever gives the most for its cost is taken until nothing is missing or nothing helps; then whatever can be
    /// spared is given back, the dearest first, and one is replaced by a cheaper one where that covers as well.
    pub(super) fn cheapest(&self) -> Vec<u32> {
        let mut counts = vec![0_u32; self.columns.len()];
        let mut missing = self.needs.clone();
        loop {
            let worth = |column: &Column| {
                let helps = column.gives.iter().map(|(row, much)| missing[*row].max(0.0).min(*much));
                helps.sum::<f64>() / column.cost
            };
            let places = (0..self.columns.len()).filter(|place| counts[*place] < self.columns[*place].most);
            let worths = places.map(|place| (worth(&self.columns[place]), place));
            // Of equals the first.
            let best = worths.max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
            let Some((_, place)) = best.filter(|(worth, _)| *worth > SLACK) else {
                break;
            };
            counts[place] += 1;
            self.take(&mut missing, place, 1.0);
        }
        self.spare(&mut counts, &mut missing);
        counts
    }

    /// What is missing with so many of each; below 0 where there is more than is asked for.
    #[cfg(test)]
    pub(super) fn missing(&self, counts: &[u32]) -> Vec<f64> {
        let mut missing = self.needs.clone();
        for (place, number) in counts.iter().enumerate() {
            self.take(&mut missing, place, f64::from(*number));
        }
        missing
    }

    fn take(&self, missing: &mut [f64], place: usize, number: f64) {
        for (row, much) in &self.columns[place].gives {
            missing[*row] -= much * number;
        }
    }

    /// Whether one of a column can be given back without anything more missing.
    fn is_spare(&self, missing: &[f64], place: usize) -> bool {
        let gives = &self.columns[place].gives;
        gives.iter().all(|(row, much)| missing[*row] + much <= SLACK)
    }

    fn spare(&self, counts: &mut [u32], missing: &mut [f64]) {
        let mut dearest: Vec<usize> = (0..self.columns.len()).collect();
        dearest.sort_by(|one, other| self.columns[*other].cost.total_cmp(&self.columns[*one].cost));
        loop {
            for place in &dearest {
                while counts[*place] > 0 && self.is_spare(missing, *place) {
                    counts[*place] -= 1;
                    self.take(missing, *place, -1.0);
                }
            }
            if !self.replace(counts, missing, &dearest) {
                return;
            }
        }
    }

    /// Replaces one by a cheaper one, where that leaves nothing more missing.
    fn replace(&self, counts: &mut [u32], missing: &mut [f64], dearest: &[usize]) -> bool {
        let before: f64 = missing.iter().map(|much| much.max(0.0)).sum();
        for dear in dearest.iter().filter(|place| counts[**place] > 0) {
            self.take(missing, *dear, -1.0);
            let cheap = dearest.iter().find(|cheap| {
                let column = &self.columns[**cheap];
                let mut after = missing.to_vec();
                self.take(&mut after, **cheap, 1.0);
                column.cost < self.columns[*dear].cost - SLACK
                    && counts[**cheap] < column.most
                    && after.iter().map(|much| much.max(0.0)).sum::<f64>() <= before + SLACK
            });
            if let Some(cheap) = cheap {
                counts[*dear] -= 1;
                counts[*cheap] += 1;
                self.take(missing, *cheap, 1.0);
                return true;
            }
            self.take(missing, *dear, 1.0);
        }
        false
    }

    /// What covering it costs at the least, in whole numbers or not. Each row is given a price so that what a column gives is worth
    /// no more than it costs; then nothing that covers all can cost less than all that is asked for is worth. The prices are
    /// raised as far as they go, row after row, in several orders, and the best of these bounds is given.
    pub(super) fn bound(&self) -> f64 {
        // What nobody can give bounds nothing.
        let mut rows: Vec<usize> = (0..self.needs.len()).filter(|row| self.is_possible(*row)).collect();
        let mut bounds = vec![self.bound_by(&rows)];
        rows.sort_by(|one, other| self.needs[*other].total_cmp(&self.needs[*one]));
        bounds.push(self.bound_by(&rows));
        rows.sort_by_key(|row| self.columns_of(*row));
        bounds.push(self.bound_by(&rows));
        bounds.into_iter().fold(0.0, f64::max)
    }

    fn is_possible(&self, row: usize) -> bool {
        let most: f64 = self
            .columns
            .iter()
            .flat_map(|column| column.gives.iter().map(move |given| (column.most, given)))
            .filter(|(_, (given, _))| *given == row)
            .map(|(most, (_, much))| f64::from(most) * much)
            .sum();
        most >= self.needs[row]
    }

    fn columns_of(&self, row: usize) -> usize {
        let of = |column: &&Column| column.gives.iter().any(|(given, _)| *given == row);
        self.columns.iter().filter(of).count()
    }

    fn bound_by(&self, rows: &[usize]) -> f64 {
        let mut left: Vec<f64> = self.columns.iter().map(|column| column.cost).collect();
        let mut worth = 0.0;
        for row in rows {
            let giving = |place: usize| {
                let given = self.columns[place].gives.iter().find(|(given, _)| given == row)?;
                Some((place, given.1))
            };
            let givers: Vec<(usize, f64)> = (0..self.columns.len()).filter_map(giving).collect();
            let prices = givers.iter().map(|(place, much)| left[*place] / much);
            let price = prices.fold(f64::INFINITY, f64::min);
            if !price.is_finite() {
                continue;
            }
            worth += price * self.needs[*row];
            for (place, much) in givers {
                left[place] = (left[place] - price * much).max(0.0);
            }
        }
        worth
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_covering() -> impl Strategy<Value = Covering> {
        let column = (1..6_u8, 1..4_u32, proptest::collection::vec(0..3_u8, 4));
        (
            proptest::collection::vec(0..5_u8, 4),
            proptest::collection::vec(column, 1..5),
        )
            .prop_map(|(needs, columns)| Covering {
                needs: needs.into_iter().map(f64::from).collect(),
                columns: columns
                    .into_iter()
                    .map(|(cost, most, gives)| Column {
                        cost: f64::from(cost),
                        most,
                        gives: (0..)
                            .zip(gives)
                            .filter(|(_, much)| *much > 0)
                            .map(|(row, much)| (row, f64::from(much)))
                            .collect(),
                    })
                    .collect(),
            })
    }

    fn cost(covering: &Covering, counts: &[u32]) -> f64 {
        let each = covering.columns.iter().zip(counts);
        each.map(|(column, number)| column.cost * f64::from(*number)).sum()
    }

    /// Every way there is.
    fn all(covering: &Covering) -> Vec<Vec<u32>> {
        let mut ways = vec![Vec::new()];
        for column in &covering.columns {
            ways = ways
                .into_iter()
                .flat_map(|way| (0..=column.most).map(move |number| [way.clone(), vec![number]].concat()))
                .collect();
        }
        ways
    }

    proptest! {
        #[test]
        fn it_covers_what_can_be_covered_and_the_bound_holds(covering in any_covering()) {
            let covers = |counts: &[u32]| covering.missing(counts).iter().all(|much| *much <= SLACK);
            let found = covering.cheapest();
            let best = all(&covering).into_iter().filter(|way| covers(way)).map(|way| cost(&covering, &way)).reduce(f64::min);
            prop_assert!(found.iter().zip(&covering.columns).all(|(number, column)| *number <= column.most));
            if let Some(best) = best {
                prop_assert!(covers(&found), "{found:?}");
                prop_assert!(covering.bound() <= best + 1e-6, "{} above {best}", covering.bound());
                prop_assert!(cost(&covering, &found) >= best - 1e-6);
            }
        }
    }

    #[test]
    fn a_day_of_shifts_is_covered_at_the_least_cost() {
        // Eight hours, two in the middle with twice the need; shifts of four hours from each hour on.
        let needs = [4.0, 4.0, 4.0, 8.0, 8.0, 4.0, 4.0, 4.0];
        let columns = (0..5).map(|from| Column {
            cost: 4.0,
            most: 100,
            gives: (from..from + 4).map(|hour| (hour, 1.0)).collect(),
        });
        let covering = Covering {
            needs: needs.to_vec(),
            columns: columns.collect(),
        };
        let found = covering.cheapest();
        assert!(covering.missing(&found).iter().all(|much| *much <= 0.0));
        assert!((cost(&covering, &found) - 48.0).abs() < 1e-9, "{found:?}");
        assert!(
            covering.bound() > 47.0 && covering.bound() <= 48.0,
            "{}",
            covering.bound()
        );
    }
}
