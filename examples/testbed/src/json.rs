//! As much JSON as daemons write.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`, and what is not there
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number
    Number(f64),
    /// A string
    Text(String),
    /// An array
    List(Vec<Self>),
    /// An object
    Object(BTreeMap<String, Self>),
}

impl Json {
    /// Reads one value, up to the end of the text.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { chars: text.chars().peekable() };
        let value = parser.value()?;
        parser.blanks();
        match parser.chars.next() {
            None => Ok(value),
            Some(more) => Err(format!("unexpected {more:?} behind the value")),
        }
    }

    /// The member of that name; `Null` where there is none.
    pub fn at(&self, name: &str) -> &Self {
        match self {
            Self::Object(members) => members.get(name).unwrap_or(&Self::Null),
            _ => &Self::Null,
        }
    }

    /// The items of an array; none of anything else.
    pub fn list(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> impl Iterator<Item = (&String, &Self)> {
        let members = if let Self::Object(members) = self { Some(members) } else { None };
        members.into_iter().flatten()
    }

    /// A text, or empty.
    pub fn text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    /// A number.
    pub fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }
}

struct Parser<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Parser<'_> {
    fn blanks(&mut self) {
        while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        self.blanks();
        match self.chars.next() {
            Some(found) if found == wanted => Ok(()),
            found => Err(format!("expected {wanted:?}, found {found:?}")),
        }
    }

    fn value(&mut self) -> Result<Json, String> {
        self.blanks();
        match self.chars.peek() {
            Some('{') => {
                let mut members = BTreeMap::new();
                self.items('{', '}', |this| {
                    this.blanks();
                    let name = this.string()?;
                    this.expect(':')?;
                    members.insert(name, this.value()?);
                    Ok(())
                })?;
                Ok(Json::Object(members))
            }
            Some('[') => {
                let mut items = Vec::new();
                self.items('[', ']', |this| {
                    items.push(this.value()?);
                    Ok(())
                })?;
                Ok(Json::List(items))
            }
            Some('"') => self.string().map(Json::Text),
            _ => self.word(),
        }
    }

    fn items(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.expect(open)?;
        self.blanks();
        if self.chars.next_if_eq(&close).is_some() {
            return Ok(());
        }
        loop {
            item(self)?;
            self.blanks();
            match self.chars.next() {
                Some(',') => {}
                Some(found) if found == close => return Ok(()),
                found => return Err(format!("expected ',' or {close:?}, found {found:?}")),
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.chars.next() {
                Some('"') => return Ok(text),
                Some('\\') => match self.chars.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some('u') => {
                        let digits: String = self.chars.by_ref().take(4).collect();
                        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                        text.push(code.ok_or_else(|| format!("bad escape \\u{digits}"))?);
                    }
                    Some(other) => text.push(other),
                    None => return Err("the text has no end".into()),
                },
                Some(other) => text.push(other),
                None => return Err("the text has no end".into()),
            }
        }
    }

    fn word(&mut self) -> Result<Json, String> {
        let mut word = String::new();
        while let Some(c) = self.chars.next_if(|c| c.is_alphanumeric() || "+-.".contains(*c)) {
            word.push(c);
        }
        match word.as_str() {
            "null" => Ok(Json::Null),
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            _ => word.parse().map(Json::Number).map_err(|_| format!("{word:?} is no value")),
        }
    }
}
