//! A day as a picture.

use std::error::Error;

use plotters::prelude::*;
use time::Duration;

use super::chance::count;
use super::confidence::Estimate;
use super::measured::Measured;
use super::scenario::Scenario;

/// What cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the plot cannot be drawn: {0}")]
pub struct NotDrawn(String);

const WIDTH: u32 = 960;
const HEIGHT: u32 = 760;
/// Told apart also by who sees no red or green (Okabe and Ito).
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const GREEN: RGBColor = RGBColor(0, 158, 115);

/// A line of a panel: by interval, none where there was nothing to measure.
struct Line {
    name: &'static str,
    colour: RGBColor,
    values: Vec<Option<Estimate>>,
}

/// What stands in one coordinate system.
struct Panel {
    title: &'static str,
    /// The top of the scale; as high as needed where it is none.
    top: Option<f64>,
    lines: Vec<Line>,
}

/// Waits and service level over the time of a scenario, as SVG: above, the share that was answered within the target and the share
/// that gave up; in the middle, the mean wait; below, how many agents were at work, and how many of them had something in hand. What
/// is shaded holds the truth 95 times of a hundred.
///
/// # Errors
///
/// [`NotDrawn`], a fault of ours.
pub fn day(scenario: &Scenario, measured: &Measured) -> Result<String, NotDrawn> {
    let each = |figure: fn(&super::Faring) -> Option<Estimate>| {
        measured
            .intervals
            .iter()
            .map(|fared| figure(&fared.faring))
            .collect::<Vec<_>>()
    };
    let sum = |busy: bool| {
        let of = |fared: &super::IntervalFaring| {
            let agents = fared.agents.iter().zip(&fared.occupancy);
            let sum = agents.filter_map(|(agents, occupancy)| {
                let share = if busy {
                    occupancy.map_or(0.0, |share| share.mean)
                } else {
                    1.0
                };
                Some(agents.as_ref()?.mean * share)
            });
            Some(Estimate {
                mean: sum.sum(),
                half_width: 0.0,
                number: 1,
            })
        };
        measured.intervals.iter().map(of).collect::<Vec<_>>()
    };
    let line = |name, colour, values| Line { name, colour, values };
    let panels = [
        Panel {
            title: "share of the contacts that came then",
            top: Some(1.0),
            lines: vec![
                line("answered within the target", BLUE, each(|faring| faring.service_level)),
                line("gave up", ORANGE, each(|faring| faring.abandonment)),
            ],
        },
        Panel {
            title: "mean wait, in seconds",
            top: None,
            lines: vec![line("of all", BLUE, each(|faring| faring.wait_of_all))],
        },
        Panel {
            title: "agents",
            top: None,
            lines: vec![
                line("at work", GREEN, sum(false)),
                line("with something in hand", ORANGE, sum(true)),
            ],
        },
    ];
    let mut svg = String::new();
    draw(&mut svg, scenario, &panels).map_err(|error| NotDrawn(error.to_string()))?;
    Ok(svg)
}

fn draw(svg: &mut String, scenario: &Scenario, panels: &[Panel]) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    area.fill(&WHITE)?;
    for (area, panel) in area.split_evenly((panels.len(), 1)).into_iter().zip(panels) {
        draw_panel(&area, scenario, panel)?;
    }
    area.present()?;
    drop(area);
    Ok(())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw_panel(area: &Area<'_>, scenario: &Scenario, panel: &Panel) -> Result<(), Box<dyn Error>> {
    let interval = scenario.interval.as_seconds_f64() / 3600.0;
    let hours = scenario.length.as_seconds_f64() / 3600.0;
    let values = panel.lines.iter().flat_map(|line| line.values.iter().flatten());
    let highest = values.map(|value| value.mean + finite(value)).fold(0.0, f64::max);
    let top = panel.top.unwrap_or(if highest > 0.0 { highest * 1.1 } else { 1.0 });
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .margin_right(24)
        .caption(panel.title, ("sans-serif", 15))
        .x_label_area_size(26)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..hours, 0.0..top)?;
    chart
        .configure_mesh()
        .x_labels(13)
        .y_labels(6)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 12))
        .x_label_formatter(&|hour| clock(scenario, *hour))
        .draw()?;
    for line in &panel.lines {
        let colour = line.colour;
        let middle = |place: usize| (count(place) + 0.5) * interval;
        let points = || {
            line.values
                .iter()
                .enumerate()
                .filter_map(|(place, value)| Some((middle(place), (*value)?)))
        };
        let bound =
            |sign: f64| points().map(move |(hour, value)| (hour, (value.mean + sign * finite(&value)).clamp(0.0, top)));
        let mut band: Vec<(f64, f64)> = bound(1.0).collect();
        let mut below: Vec<_> = bound(-1.0).collect();
        below.reverse();
        band.extend(below);
        chart.draw_series(std::iter::once(Polygon::new(band, colour.mix(0.18))))?;
        let drawn = points().map(|(hour, value)| (hour, value.mean.min(top)));
        chart
            .draw_series(LineSeries::new(drawn, colour.stroke_width(2)))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE.mix(0.85))
        .label_font(("sans-serif", 12))
        .position(SeriesLabelPosition::UpperRight)
        .draw()?;
    Ok(())
}

/// The half width, where there is one.
fn finite(estimate: &Estimate) -> f64 {
    if estimate.half_width.is_finite() {
        estimate.half_width
    } else {
        0.0
    }
}

/// The time of day, and where there are several days which of them.
fn clock(scenario: &Scenario, hour: f64) -> String {
    let at = scenario.begin + Duration::seconds_f64(hour * 3600.0);
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    if scenario.length > Duration::DAY {
        format!("{}-{:02} {time}", u8::from(at.month()), at.day())
    } else {
        time
    }
}

#[cfg(test)]
mod tests {
    use super::super::worlds::{agents, calls, scenario};
    use super::super::{Effort, Law, simulate};
    use super::*;

    #[test]
    fn a_day_is_drawn() {
        let length = Duration::hours(12);
        let patience = Law::Exponential {
            mean: Duration::minutes(2),
        };
        let scenario = Scenario {
            interval: Duration::minutes(30),
            ..scenario(length, vec![calls(60.0, None, patience)], vec![agents(4, &[], length)])
        };
        let measured = simulate(&scenario, 3, &Effort::free()).unwrap();
        let svg = day(&scenario, &measured).unwrap();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
        for word in [
            "answered within the target",
            "gave up",
            "mean wait, in seconds",
            "06:00",
        ] {
            assert!(svg.contains(word), "{word} is not in {svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        // The lines reach through the hours that were counted.
        assert!(svg.matches("<polyline").count() >= 5);
    }
}
