//! Lines over time, as SVG that is readable on light and dark pages.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 160.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
const COLOURS: [&str; 5] = ["#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626"];

/// A plot of named lines; both axes begin at 0.
pub fn lines(
    title: &str,
    [x_name, y_name]: [&str; 2],
    series: &[(&str, Vec<(f64, f64)>)],
) -> String {
    let points = || series.iter().flat_map(|(_, points)| points);
    let x_most = points().map(|point| point.0).fold(1.0, f64::max);
    let y_most = round_up(points().map(|point| point.1).fold(1.0, f64::max));
    let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let x = |value: f64| LEFT + width * value / x_most;
    let y = |value: f64| TOP + height * (1.0 - value / y_most);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>{title}</title>\n<style>text {{ fill: #333 }} .axis {{ stroke: #8888 }} \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} }}</style>\n\
         <text x=\"{LEFT}\" y=\"18\" font-size=\"14\">{title}</text>\n"
    );
    for part in 0..=4 {
        let part = f64::from(part) / 4.0;
        let (at_x, at_y) = (x(part * x_most), y(part * y_most));
        let _ = writeln!(
            out,
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at_y:.1}\" y2=\"{at_y:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <text x=\"{at_x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at_y + 4.0,
            part * y_most,
            HEIGHT - BOTTOM + 16.0,
            part * x_most,
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{x_name}</text>\
         <text transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">{y_name}</text>",
        LEFT + width / 2.0,
        HEIGHT - 8.0,
        TOP + height / 2.0,
    );
    for ((label, place), (colour, (_, points))) in labels(series, y)
        .into_iter()
        .zip(COLOURS.iter().cycle().zip(series))
    {
        let path: Vec<String> = points
            .iter()
            .map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1)))
            .collect();
        let _ = writeln!(
            out,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>\
             <text x=\"{}\" y=\"{place:.1}\" style=\"fill: {colour}\">{label}</text>",
            path.join(" "),
            WIDTH - RIGHT + 8.0,
        );
    }
    out + "</svg>\n"
}

/// Each line's name, beside its end, and below the name above it.
fn labels<'a>(
    series: &[(&'a str, Vec<(f64, f64)>)],
    y: impl Fn(f64) -> f64,
) -> Vec<(&'a str, f64)> {
    let mut places: Vec<(usize, f64)> = series
        .iter()
        .map(|(_, points)| y(points.last().map_or(0.0, |point| point.1)) + 4.0)
        .enumerate()
        .collect();
    // From the bottom up, so that no name leaves the plot.
    places.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut below = f64::INFINITY;
    for (_, place) in &mut places {
        *place = place.min(below - 14.0);
        below = *place;
    }
    places.sort_by_key(|(index, _)| *index);
    let names = series.iter().map(|(name, _)| *name);
    names
        .zip(places.into_iter().map(|(_, place)| place))
        .collect()
}

/// 1, 2, 4 or 5 times a power of ten, at least so much; but not beyond the 100 of per cent.
fn round_up(most: f64) -> f64 {
    let power = 10f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 10.0];
    let step = steps.iter().find(|step| *step * power >= most * 0.999);
    step.unwrap_or(&10.0) * power
}
