namespace CloudLab.Core.Common.Review;

/// <summary>How much harm a finding of a review can do.</summary>
public enum FindingSeverity
{
    /// <summary>Something to tidy up.</summary>
    Low,

    /// <summary>More than is needed, or not what was meant.</summary>
    Medium,

    /// <summary>Something that fails, or a way to permissions or data that were not meant.</summary>
    High,

    /// <summary>Secrets, the whole account, or data for everybody.</summary>
    Critical,
}
