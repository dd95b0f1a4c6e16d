//! How sure a figure is.

use super::chance::count;

/// A figure that was measured several times.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The mean of the times it was measured.
    pub mean: f64,
    /// The truth lies, 95 times of a hundred, no further from the mean than this (Student's t). Infinite where it was measured
    /// once.
    pub half_width: f64,
    /// How often it was measured.
    pub number: usize,
}

impl Estimate {
    /// From one value for each replication; none where there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let number = values.len();
        let mean = values.iter().sum::<f64>() / count(number);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        match number {
            0 => None,
            1 => Some(Self {
                mean,
                half_width: f64::INFINITY,
                number,
            }),
            _ => {
                let deviation = (squares / count(number - 1)).sqrt();
                Some(Self {
                    mean,
                    half_width: student(number - 1) * deviation / count(number).sqrt(),
                    number,
                })
            }
        }
    }

    /// Whether a value lies where the truth may lie.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.mean - value).abs() <= self.half_width
    }
}

/// How many standard errors to each side hold the truth 95 times of a hundred, with so many degrees of freedom: Hill's
/// algorithm (Communications of the ACM, 396), exact to five digits.
#[expect(clippy::many_single_char_names, reason = "as the algorithm was published")]
fn student(freedom: usize) -> f64 {
    /// Outside lie as many of a hundred.
    const OUTSIDE: f64 = 0.05;
    /// The same for endless freedom.
    const NORMAL: f64 = 1.959_963_984_540_054;
    let n = count(freedom);
    match freedom {
        0 => return f64::INFINITY,
        1 => {
            let angle = OUTSIDE * std::f64::consts::FRAC_PI_2;
            return angle.cos() / angle.sin();
        }
        2 => return (2.0 / (OUTSIDE * (2.0 - OUTSIDE)) - 2.0).sqrt(),
        _ => {}
    }
    let a = 1.0 / (n - 0.5);
    let b = 48.0 / (a * a);
    let mut c = ((20_700.0 * a / b - 98.0) * a - 16.0) * a + 96.36;
    let d = ((94.5 / (b + c) - 3.0) / b + 1.0) * (a * std::f64::consts::FRAC_PI_2).sqrt() * n;
    let mut y = (d * OUTSIDE).powf(2.0 / n);
    if y > a + 0.05 {
        let x = -NORMAL;
        y = x * x;
        if n < 5.0 {
            c += 0.3 * (n - 4.5) * (x + 0.6);
        }
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x;
        y = (a * y * y).exp_m1();
    } else {
        y = ((1.0 / (((n + 6.0) / (n * y) - 0.089 * d - 0.822) * (n + 2.0) * 3.0) + 0.5 / (n + 4.0)) * y - 1.0)
            * (n + 1.0)
            / (n + 2.0)
            + 1.0 / y;
    }
    (n * y).sqrt()
}

/// The value that a share of all do not exceed (nearest rank); none of nothing.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let least = (0..sorted.len()).find(|place| count(place + 1) >= share * count(sorted.len()) - 1e-9)?;
    sorted.get(least).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (freedom, table) in [
            (1, 12.706_2),
            (2, 4.302_65),
            (3, 3.182_45),
            (4, 2.776_45),
            (5, 2.570_58),
            (9, 2.262_16),
            (19, 2.093_02),
            (29, 2.045_23),
            (99, 1.984_22),
            (10_000, 1.960_20),
        ] {
            let ours = student(freedom);
            assert!((ours - table).abs() < 2e-4 * table, "{freedom}: {ours}");
        }
    }

    #[test]
    fn the_interval_is_of_the_mean() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((estimate.mean - 3.0).abs() < 1e-12);
        assert!((estimate.half_width - 1.963_24).abs() < 1e-3, "{estimate:?}");
        assert!(estimate.holds(1.1) && !estimate.holds(1.0));
        assert_eq!(Estimate::of(&[]), None);
        assert!(Estimate::of(&[7.0]).unwrap().half_width.is_infinite());
    }

    #[test]
    fn quantiles_are_values_that_were_there() {
        let ten: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        assert_eq!(quantile(&ten, 0.9), Some(9.0));
        assert_eq!(quantile(&ten, 0.0), Some(1.0));
        assert_eq!(quantile(&ten, 1.0), Some(10.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
