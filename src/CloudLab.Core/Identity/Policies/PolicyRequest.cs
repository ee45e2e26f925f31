namespace CloudLab.Core.Identity.Policies;

/// <summary>One request to decide on.</summary>
/// <param name="Action">What is to be done: <c>s3:GetObject</c>.</param>
/// <param name="Resource">ARN of what it is done to; <c>*</c> where an action has no resource of its own.</param>
/// <param name="Caller">Who asks.</param>
/// <param name="Context">What else is known, by condition key.</param>
public sealed record PolicyRequest(string Action, string Resource, PolicyCaller Caller, PolicyContext Context)
{
    /// <summary>
    /// Account that owns the resource; null where it is the one in the ARN, or, where the ARN has none as those of S3, the caller's. A request
    /// to another account must be allowed on both sides.
    /// </summary>
    public string? ResourceAccount { get; init; }
}
