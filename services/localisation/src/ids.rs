//! The ids of this service, and those of others that it knows.

support_chassis::id_type! {
    /// Names an article, in all its languages.
    ArticleId
}

support_chassis::id_type! {
    /// Names a text of an article that is being prepared.
    ArticleDraftId
}

support_chassis::id_type! {
    /// Names answers that were offered together.
    OfferId
}

support_chassis::id_type! {
    /// Names a case of the case service.
    CaseId
}

support_chassis::id_type! {
    /// Names a customer of identity-verification.
    CustomerId
}

support_chassis::id_type! {
    /// Names one publishing of a catalogue.
    CatalogueVersionId
}
