namespace CloudLab.Emulator.Identity;

/// <summary>Why a request's signature is not accepted. Each service has its own error codes for these.</summary>
internal enum SignatureProblem
{
    /// <summary>The request carries no signature at all.</summary>
    Missing,

    /// <summary>The Authorization header, or the query parameters in its place, cannot be understood.</summary>
    Malformed,

    /// <summary>Signed for another service, or with a scheme that is not AWS4-HMAC-SHA256.</summary>
    Unsupported,

    /// <summary>Nobody has that access key.</summary>
    UnknownKey,

    /// <summary>The session token is missing, or not the one of that key.</summary>
    WrongToken,

    /// <summary>The session token has expired.</summary>
    ExpiredToken,

    /// <summary>The request's time is more than 15 minutes off.</summary>
    Skewed,

    /// <summary>A presigned URL is past its time, or not yet valid.</summary>
    Expired,

    /// <summary>An <c>x-amz-</c> header or the host is not signed.</summary>
    HeadersNotSigned,

    /// <summary>The signature is another one.</summary>
    Mismatch,
}

/// <summary>A request's signature is not accepted.</summary>
/// <param name="problem">Why.</param>
/// <param name="message">AWS's message.</param>
/// <param name="details">Further elements of S3's error document, in order.</param>
internal sealed class SignatureException(
    SignatureProblem problem, string message, params (string Name, string Value)[] details) : Exception(message)
{
    /// <summary>Why.</summary>
    public SignatureProblem Problem { get; } = problem;

    /// <summary>Further elements of S3's error document: <c>StringToSign</c>, <c>ServerTime</c>.</summary>
    public IReadOnlyList<(string Name, string Value)> Details { get; } = details;
}
