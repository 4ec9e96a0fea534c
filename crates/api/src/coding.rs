//! Which coding of an answer a client takes.

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// Whether the client takes gzip: it names it, or every coding, and not with the weight zero.
///
/// No other coding is offered: whatever reads another one reads gzip too.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut takes_every_coding = false;
    for offer in values.flat_map(|value| value.split(',')) {
        let (coding, weight) = offer.split_once(';').unwrap_or((offer, ""));
        match coding.trim() {
            "*" => takes_every_coding = is_wanted(weight),
            coding if ["gzip", "x-gzip"].iter().any(|gzip| coding.eq_ignore_ascii_case(gzip)) => {
                return is_wanted(weight);
            }
            _ => {}
        }
    }
    takes_every_coding
}

/// Reads `q=0.5`. No weight is as good as the best; one that cannot be read is none to rely on.
fn is_wanted(weight: &str) -> bool {
    match weight.trim() {
        "" => true,
        weight => {
            let number = weight.split_once('=').and_then(|(_, number)| number.trim().parse::<f32>().ok());
            number.is_some_and(|number| number > 0.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accepts(values: &[&'static str]) -> bool {
        let headers = values.iter().map(|value| (ACCEPT_ENCODING, HeaderValue::from_static(value)));
        accepts_gzip(&headers.collect())
    }

    #[test]
    fn what_sdks_and_browsers_send_is_understood() {
        // Node's axios, Python's httpx, Go and OkHttp, browsers.
        for value in ["gzip, compress, deflate, br", "gzip, deflate", "gzip", "gzip, deflate, br, zstd"] {
            assert!(accepts(&[value]), "{value}");
        }
        // .NET, a bare curl, `fetch` of a server without compression.
        assert!(!accepts(&[]));
        assert!(!accepts(&["identity"]));
    }

    #[test]
    fn weights_decide() {
        for value in ["gzip;q=0.1", "br, GZIP; q=1.000", "*", "*;q=0.5, br;q=0", "x-gzip", "identity, gzip"] {
            assert!(accepts(&[value]), "{value}");
        }
        for value in
            ["gzip;q=0", "gzip; q=0.000, *", "*, gzip;q=0", "*;q=0", "br", "gzip;q=much", "", "gzipped"]
        {
            assert!(!accepts(&[value]), "{value}");
        }
        assert!(accepts(&["br", "gzip"]), "the header may be sent in several lines");
    }
}
