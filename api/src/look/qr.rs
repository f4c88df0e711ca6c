//! QR block: the code on a plaque or notice, as crisp vector squares, with the address in words beneath.

use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};

use super::words::Lang;

/// What a QR block shows.
#[derive(Clone, Debug)]
pub struct QrView {
    /// The full address the code leads to.
    pub address: String,
    /// One line under the code: what one sees after scanning.
    pub caption: String,
}

/// The code with its caption and its address in plain letters, for who cannot scan. An address too long for a
/// code is shown as text alone.
pub fn qr_block(lang: Lang, view: &QrView) -> Markup {
    html! {
        figure.qr {
            @if let Some((side, path)) = squares(&view.address) {
                svg.qr-code viewBox={ "0 0 " (side) " " (side) } role="img" shape-rendering="crispEdges"
                    aria-label=(lang.pick("二维码，内容是下面的网址", "QR code of the address below")) {
                    rect width=(side) height=(side) fill="#fff" {}
                    path d=(path) fill="#000" {}
                }
            }
            figcaption {
                (view.caption)
                br;
                code.address { (view.address) }
            }
        }
    }
}

/// The side in modules with its quiet zone, and one path over all dark runs. Level M still reads when a
/// seventh of the plaque is scratched.
fn squares(address: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(address.as_bytes(), EcLevel::M).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row.iter().skip(x).take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    Some((width + 2 * QUIET, path))
}

/// Light modules that the standard asks for on each side.
const QUIET: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn view(address: &str) -> QrView {
        QrView { address: address.to_owned(), caption: "扫码看等级".to_owned() }
    }

    #[test]
    fn the_squares_are_those_of_the_code() {
        let address = "https://wuping.example/s/4403100010010000012";
        let (side, path) = squares(address).unwrap();
        let code = QrCode::with_error_correction_level(address, EcLevel::M).unwrap();
        assert_eq!(side, code.width() + 8);
        let dark: usize = path
            .split('h')
            .skip(1)
            .step_by(2)
            .map(|run| run.split('v').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(dark, code.to_colors().iter().filter(|color| **color == Color::Dark).count());
    }

    #[test]
    fn an_address_too_long_for_a_code_is_still_readable() {
        let page = qr_block(Lang::Zh, &view(&"长".repeat(2_000))).into_string();
        assert!(!page.contains("<svg") && page.contains("长长长"));
    }

    #[test]
    fn the_address_is_escaped() {
        assert!(!qr_block(Lang::En, &view("https://x/<script>")).into_string().contains("<script>"));
    }
}
