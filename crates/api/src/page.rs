//! Paging as the admin API has it: pages counted from 0, totals beside the items.

use model::limits::PAGE_SIZE_MAX;
use model::{Error, FieldError, Version};
use serde::Serialize;

use crate::limits::PAGE_SIZE_DEFAULT;
use crate::query::Query;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PageRequest {
    /// Counted from 0.
    pub number: usize,
    /// Items on it, 1 to [`PAGE_SIZE_MAX`].
    pub size: usize,
}

/// The totals that stand beside the items of a page; to be flattened into the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Items on all pages.
    pub item_count: usize,
    /// Pages; 0 when there is nothing.
    pub page_count: usize,
    /// This page, counted from 0.
    pub page_index: usize,
    /// Items that fit on a page.
    pub page_size: usize,
    /// The environment's version, where the list belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

impl PageRequest {
    /// Reads `pageNumber` and `pageSize` from the query.
    ///
    /// # Errors
    /// `Invalid` names the parameter that does not fit.
    pub fn read(query: &Query) -> Result<Self, Error> {
        // `pageSize=` counts as not given.
        let number_text = query.text("pageNumber")?.unwrap_or_default();
        let size_text = query.text("pageSize")?.unwrap_or_default();
        let number = number(number_text, 0)
            .ok_or_else(|| not_a_number("pageNumber", number_text, "count pages from 0"))?;
        let size =
            number_of_items(size_text).ok_or_else(|| not_a_number("pageSize", size_text, "use 1 to 1000"))?;
        Ok(Self { number, size })
    }

    /// How many items lie before this page.
    pub fn offset(&self) -> usize {
        self.number.saturating_mul(self.size)
    }

    /// The items on this page, and the totals.
    pub fn cut<T>(&self, items: Vec<T>) -> (Vec<T>, Page) {
        let page = self.totals(items.len());
        (items.into_iter().skip(self.offset()).take(self.size).collect(), page)
    }

    /// The totals for `item_count` items on all pages.
    pub fn totals(&self, item_count: usize) -> Page {
        Page {
            item_count,
            page_count: item_count.div_ceil(self.size.max(1)),
            page_index: self.number,
            page_size: self.size,
            version: None,
        }
    }
}

impl Page {
    /// The same, with the environment's version.
    #[must_use]
    pub fn at_version(self, version: Version) -> Self {
        Self { version: Some(version), ..self }
    }
}

fn number(text: &str, default: usize) -> Option<usize> {
    if text.is_empty() { Some(default) } else { text.parse().ok() }
}

fn number_of_items(text: &str) -> Option<usize> {
    number(text, PAGE_SIZE_DEFAULT).filter(|size| (1..=PAGE_SIZE_MAX).contains(size))
}

fn not_a_number(parameter: &str, text: &str, right: &str) -> FieldError {
    FieldError::new(parameter, format!("{text:?} does not fit; {right}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<PageRequest, String> {
        let uri = format!("/?{query}").parse().unwrap();
        PageRequest::read(&Query::of(&uri)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_page_is_read_from_the_query() {
        assert_eq!(read(""), Ok(PageRequest { number: 0, size: 100 }));
        assert_eq!(read("pageNumber=2&pageSize=10&x=1"), Ok(PageRequest { number: 2, size: 10 }));
        assert_eq!(read("pageNumber=&pageSize="), Ok(PageRequest { number: 0, size: 100 }));
    }

    #[test]
    fn a_page_that_cannot_be_is_refused_by_name() {
        for query in ["pageSize=0", "pageSize=1001", "pageSize=ten", "pageSize=-1"] {
            assert!(read(query).unwrap_err().starts_with("pageSize: "), "{query}");
        }
        assert!(read("pageNumber=-1").unwrap_err().starts_with("pageNumber: \"-1\" does not fit"));
    }

    #[test]
    fn a_list_is_cut_into_pages() {
        let second = PageRequest { number: 1, size: 2 };
        let beyond = PageRequest { number: 9, size: 2 };

        let (items, page) = second.cut(vec!['a', 'b', 'c']);

        assert_eq!(items, ['c']);
        assert_eq!(
            serde_json::to_value(page.at_version(Version(7))).unwrap(),
            serde_json::json!({"itemCount": 3, "pageCount": 2, "pageIndex": 1, "pageSize": 2, "version": 7})
        );
        assert_eq!(beyond.cut(vec!['a']).0, []);
        assert_eq!(beyond.totals(0).page_count, 0);
    }
}
