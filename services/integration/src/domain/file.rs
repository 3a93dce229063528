//! Which files are taken: judged by what is in them, never by their names.

/// Largest file of most categories.
pub const MEDIA_LIMIT: usize = 10 * 1024 * 1024;
/// Largest KYC paper as PDF.
pub const KYC_PDF_LIMIT: usize = 15 * 1024 * 1024;

/// What a file is for. A closed set; the words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// A paper that proves who a vendor is.
    KycDocument,
    /// That goods were handed over.
    DeliveryProof,
    /// That cash was handed over.
    CodProof,
    /// What is sold.
    ProductImage,
    /// In a dispute.
    DisputeEvidence,
    /// In a support ticket.
    TicketAttachment,
    /// Of a person.
    ProfilePicture,
}

impl Category {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::KycDocument,
        Self::DeliveryProof,
        Self::CodProof,
        Self::ProductImage,
        Self::DisputeEvidence,
        Self::TicketAttachment,
        Self::ProfilePicture,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KycDocument => "kyc_document",
            Self::DeliveryProof => "delivery_proof",
            Self::CodProof => "cod_proof",
            Self::ProductImage => "product_image",
            Self::DisputeEvidence => "dispute_evidence",
            Self::TicketAttachment => "ticket_attachment",
            Self::ProfilePicture => "profile_picture",
        }
    }

    /// The category of a word.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|category| category.as_str() == text)
    }

    /// Whether it goes to the KYC bucket.
    #[must_use]
    pub const fn is_kyc(self) -> bool {
        matches!(self, Self::KycDocument)
    }

    /// Whether any registered person may see it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::ProductImage)
    }

    /// Whether its owner may delete it; what proves something is kept.
    #[must_use]
    pub const fn is_owners_to_delete(self) -> bool {
        matches!(self, Self::ProductImage | Self::ProfilePicture)
    }

    const fn takes_pdf(self) -> bool {
        !matches!(self, Self::ProductImage | Self::ProfilePicture)
    }
}

/// A type that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// PDF.
    Pdf,
}

impl FileType {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Jpeg, Self::Png, Self::Webp, Self::Pdf];

    /// As the web calls it.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
        }
    }

    /// The usual ending of a name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Pdf => "pdf",
        }
    }

    /// The type of a name.
    #[must_use]
    pub fn read(mime: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.mime() == mime)
    }

    /// What the content is.
    #[must_use]
    pub fn of(content: &[u8]) -> Option<Self> {
        infer::get(content).and_then(|kind| Self::read(kind.mime_type()))
    }
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Larger than its category allows.
    #[error("the file is larger than {} MB", .0 / 1024 / 1024)]
    TooLarge(usize),
    /// Of a type that is not taken.
    #[error("send a JPEG, PNG or WebP picture or a PDF; what counts is the content, not the name")]
    Type,
    /// A PDF where a picture is wanted.
    #[error("this takes a JPEG, PNG or WebP picture")]
    PictureOnly,
}

/// How large a file of this category may be at most, of whatever type.
#[must_use]
pub const fn largest(category: Category) -> usize {
    if category.is_kyc() { KYC_PDF_LIMIT } else { MEDIA_LIMIT }
}

/// Checks type and size.
///
/// # Errors
/// [`FileError`].
pub const fn check(category: Category, kind: FileType, size: usize) -> Result<(), FileError> {
    if matches!(kind, FileType::Pdf) && !category.takes_pdf() {
        return Err(FileError::PictureOnly);
    }
    let limit = if category.is_kyc() && matches!(kind, FileType::Pdf) { KYC_PDF_LIMIT } else { MEDIA_LIMIT };
    if size == 0 {
        Err(FileError::Empty)
    } else if size > limit {
        Err(FileError::TooLarge(limit))
    } else {
        Ok(())
    }
}

/// Looks at a file and says what it is, if it is taken.
///
/// # Errors
/// [`FileError`].
pub fn inspect(category: Category, content: &[u8]) -> Result<FileType, FileError> {
    if content.is_empty() {
        return Err(FileError::Empty);
    }
    let kind = FileType::of(content).ok_or(FileError::Type)?;
    check(category, kind, content.len())?;
    Ok(kind)
}

/// A name that is safe to keep and hand out: the last part of a path, without control characters, not too long.
#[must_use]
pub fn safe_name(name: &str, kind: FileType) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control()).take(120).collect();
    let kept = kept.trim();
    if kept.is_empty() || kept.starts_with('.') { format!("file.{}", kind.extension()) } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn a_file_is_what_it_holds() {
        assert_eq!(inspect(Category::DeliveryProof, PNG), Ok(FileType::Png));
        assert_eq!(inspect(Category::DeliveryProof, b"\xff\xd8\xff\xe0\0\x10JFIF"), Ok(FileType::Jpeg));
        assert_eq!(inspect(Category::KycDocument, b"%PDF-1.7 ..."), Ok(FileType::Pdf));
        assert_eq!(inspect(Category::DeliveryProof, b"RIFF\0\0\0\0WEBPVP8 "), Ok(FileType::Webp));
        assert_eq!(inspect(Category::DeliveryProof, b"<html><script>"), Err(FileError::Type));
        assert_eq!(inspect(Category::DeliveryProof, b"MZ\x90\0"), Err(FileError::Type));
        assert_eq!(inspect(Category::ProductImage, b"%PDF-1.7 ..."), Err(FileError::PictureOnly));
        assert_eq!(inspect(Category::ProductImage, b""), Err(FileError::Empty));
    }

    #[test]
    fn ten_megabytes_are_taken_and_fifteen_of_a_kyc_pdf() {
        assert_eq!(check(Category::DeliveryProof, FileType::Pdf, MEDIA_LIMIT), Ok(()));
        assert_eq!(check(Category::DeliveryProof, FileType::Pdf, MEDIA_LIMIT + 1), Err(FileError::TooLarge(MEDIA_LIMIT)));
        assert_eq!(check(Category::KycDocument, FileType::Pdf, KYC_PDF_LIMIT), Ok(()));
        assert_eq!(check(Category::KycDocument, FileType::Jpeg, MEDIA_LIMIT + 1), Err(FileError::TooLarge(MEDIA_LIMIT)));
        assert_eq!(check(Category::KycDocument, FileType::Pdf, KYC_PDF_LIMIT + 1), Err(FileError::TooLarge(KYC_PDF_LIMIT)));
    }

    #[test]
    fn names_lose_their_paths() {
        assert_eq!(safe_name("../../etc/passwd", FileType::Png), "passwd");
        assert_eq!(safe_name("C:\\a\\pan card.pdf", FileType::Pdf), "pan card.pdf");
        assert_eq!(safe_name("\u{7}", FileType::Webp), "file.webp");
        assert_eq!(safe_name(".htaccess", FileType::Jpeg), "file.jpg");
    }

    #[test]
    fn every_category_is_read_back() {
        for category in Category::ALL {
            assert_eq!(Category::read(category.as_str()), Some(*category));
        }
        assert_eq!(Category::read("other"), None);
    }
}
