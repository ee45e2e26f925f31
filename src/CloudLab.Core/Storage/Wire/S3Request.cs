namespace CloudLab.Core.Storage.Wire;

/// <summary>One request to S3: what is asked, of what, with what.</summary>
/// <param name="Method">GET, PUT, …</param>
/// <param name="Bucket">Bucket.</param>
/// <param name="Key">Key; empty for the bucket itself.</param>
internal sealed record S3Request(HttpMethod Method, string Bucket, string Key = "")
{
    /// <summary>Query, not encoded: <c>("list-type", "2")</c>.</summary>
    public List<(string Name, string Value)> Query { get; init; } = [];

    /// <summary>Headers.</summary>
    public List<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Body, or null.</summary>
    public S3Body? Body { get; init; }

    /// <summary>SHA-256 of the body in hexadecimal where it is known already.</summary>
    public string? BodyHash { get; init; }

    /// <summary>
    /// True for what begins its answer before it is done (CopyObject, CompleteMultipartUpload): a status of 200 can have an error in its body.
    /// </summary>
    public bool MayFailLate { get; init; }

    /// <summary>How many tries were sent without an answer: the service may have done what they asked for.</summary>
    public int AnswersLost { get; set; }

    /// <summary>Access key that the last try was signed with.</summary>
    public string? SignedBy { get; set; }

    /// <summary>Adds a query parameter if it has a value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value, or null.</param>
    /// <returns>This.</returns>
    public S3Request With(string name, string? value)
    {
        if (value is not null)
        {
            Query.Add((name, value));
        }

        return this;
    }

    /// <summary>Adds a header if it has a value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value, or null.</param>
    /// <returns>This.</returns>
    public S3Request WithHeader(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            Headers.Add((name, value));
        }

        return this;
    }
}
