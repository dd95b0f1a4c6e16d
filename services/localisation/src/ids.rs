//! The ids of this service.

support_chassis::id_type! {
    /// Names an article, in all its languages.
    ArticleId
}

support_chassis::id_type! {
    /// Names one publishing of a catalogue.
    CatalogueVersionId
}
