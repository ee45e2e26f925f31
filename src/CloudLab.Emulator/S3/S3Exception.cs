namespace CloudLab.Emulator.S3;

/// <summary>An S3 error answer: status, code, message and further elements.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">S3's code: <c>NoSuchKey</c>.</param>
/// <param name="message">S3's message.</param>
/// <param name="details">Further elements of the document, in order.</param>
internal sealed class S3Exception(int status, string code, string message, params (string Name, string Value)[] details)
    : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>S3's code.</summary>
    public string Code { get; } = code;

    /// <summary>Further elements of the document.</summary>
    public IReadOnlyList<(string Name, string Value)> Details { get; } = details;

    /// <summary>Headers of the answer.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public static S3Exception NoSuchKey(string key) => new(404, "NoSuchKey", "The specified key does not exist.", ("Key", key));

    public static S3Exception NoSuchBucket(string bucket) =>
        new(404, "NoSuchBucket", "The specified bucket does not exist", ("BucketName", bucket));

    public static S3Exception NoSuchVersion(string key, string versionId) =>
        new(404, "NoSuchVersion", "The specified version does not exist.", ("Key", key), ("VersionId", versionId));

    public static S3Exception NoSuchUpload(string uploadId) => new(
        404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        ("UploadId", uploadId));

    public static S3Exception InvalidArgument(string name, string value, string message) =>
        new(400, "InvalidArgument", message, ("ArgumentName", name), ("ArgumentValue", value));

    public static S3Exception InvalidRequest(string message) => new(400, "InvalidRequest", message);

    public static S3Exception MalformedXml() =>
        new(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema");

    public static S3Exception PreconditionFailed(string condition) => new(
        412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", ("Condition", condition));

    public static S3Exception NotImplemented(string header) => new(
        501, "NotImplemented", "A header you provided implies functionality that is not implemented", ("Header", header));

    public static S3Exception MethodNotAllowed(string method, string resource) => new(
        405, "MethodNotAllowed", "The specified method is not allowed against this resource.", ("Method", method), ("ResourceType", resource));

    public static S3Exception AccessDenied(string message) => new(403, "AccessDenied", message);
}
