using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using System.Xml;
using Amazon.Runtime;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// The one place where what the AWS SDK throws becomes a <see cref="LabException"/>: the service's own code, status
/// and request id, in one line that names the thing and says what to do.
/// </summary>
internal static partial class AwsErrors
{
    private static readonly string CheckKeys = $"Check the keys with Get-LabSession, or give others with {SessionAdvice.Credentials}.";

    private static readonly string CheckRegion = $"Give the region that the service named, with {SessionAdvice.Setting("-Region", "Connect-Lab -Region")}.";

    private const string CorrectClock = "Correct this machine's clock (timedatectl, w32tm /resync, sntp): services refuse requests whose time is more than 15 minutes off.";

    private static readonly Dictionary<string, (LabErrorKind Kind, string? Advice)> Codes = new(StringComparer.Ordinal)
    {
        ["InvalidAccessKeyId"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["InvalidClientTokenId"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["SignatureDoesNotMatch"] = (LabErrorKind.AuthenticationFailed, "The secret key does not match the access key. " + CheckKeys),
        ["ExpiredToken"] = (LabErrorKind.AuthenticationFailed, $"The temporary credentials have expired: {SessionAdvice.NewCredentials}."),
        ["InvalidToken"] = (LabErrorKind.AuthenticationFailed, "The session token does not match the access key. " + CheckKeys),
        ["TokenRefreshRequired"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["InvalidIdentityToken"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["IncompleteSignature"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["MissingAuthenticationToken"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["MissingSecurityHeader"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["UnrecognizedClientException"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["AuthFailure"] = (LabErrorKind.AuthenticationFailed, CheckKeys),
        ["NotSignedUp"] = (LabErrorKind.AuthenticationFailed, null),
        ["OptInRequired"] = (LabErrorKind.AuthenticationFailed, null),
        ["RequestTimeTooSkewed"] = (LabErrorKind.AuthenticationFailed, CorrectClock),
        ["RequestExpired"] = (LabErrorKind.AuthenticationFailed, CorrectClock + $" If the credentials are temporary, {SessionAdvice.NewCredentials}."),

        ["AuthorizationHeaderMalformed"] = (LabErrorKind.InvalidData, CheckRegion),
        ["PermanentRedirect"] = (LabErrorKind.InvalidData, CheckRegion),
        ["TemporaryRedirect"] = (LabErrorKind.InvalidData, CheckRegion),
        ["IllegalLocationConstraintException"] = (LabErrorKind.InvalidData, CheckRegion),
        ["InvalidLocationConstraint"] = (LabErrorKind.InvalidData, CheckRegion),

        ["UnauthorizedOperation"] = (LabErrorKind.AccessDenied, null),
        ["AllAccessDisabled"] = (LabErrorKind.AccessDenied, null),
        ["AccountProblem"] = (LabErrorKind.AccessDenied, null),

        ["EntityAlreadyExists"] = (LabErrorKind.AlreadyExists, null),
        ["BucketAlreadyExists"] = (LabErrorKind.AlreadyExists, "Bucket names are shared by all accounts: pick another name."),
        ["BucketAlreadyOwnedByYou"] = (LabErrorKind.AlreadyExists, null),

        ["InvalidObjectState"] = (LabErrorKind.Conflict, null),
        ["BucketNotEmpty"] = (LabErrorKind.Conflict, "Get-LabObject -Versions and Get-LabMultipartUpload show what is in it; Remove-LabBucket -Force removes it with its contents."),

        ["NoSuchBucket"] = (LabErrorKind.NotFound, "Get-LabBucket lists the buckets; New-LabBucket creates one."),
        ["NoSuchKey"] = (LabErrorKind.NotFound, "Get-LabObject -Prefix lists the keys; -Versions includes the deleted ones."),
        ["NoSuchVersion"] = (LabErrorKind.NotFound, "Get-LabObject -Versions lists the versions."),
        ["NoSuchUpload"] = (LabErrorKind.NotFound, "It has already been completed or aborted; Get-LabMultipartUpload lists the unfinished uploads."),
        ["NoSuchBucketPolicy"] = (LabErrorKind.NotFound, "Set-LabBucketPolicy sets one."),
        ["NoSuchCORSConfiguration"] = (LabErrorKind.NotFound, "Set-LabBucketCors sets one."),
        ["NoSuchLifecycleConfiguration"] = (LabErrorKind.NotFound, "Set-LabBucketLifecycle sets one."),
        ["NoSuchPublicAccessBlockConfiguration"] = (LabErrorKind.NotFound, "Set-LabBucketPublicAccessBlock sets one."),
        ["NoSuchTagSet"] = (LabErrorKind.NotFound, "Set-LabBucketTag sets tags."),
        ["NoSuchWebsiteConfiguration"] = (LabErrorKind.NotFound, "Set-LabBucketWebsite sets one."),
        ["ServerSideEncryptionConfigurationNotFoundError"] = (LabErrorKind.NotFound, "Set-LabBucketEncryption sets one."),

        ["InvalidInstanceID.NotFound"] = (LabErrorKind.NotFound, "Get-LabInstance lists the instances of the region; -Region chooses another."),
        ["InvalidInstanceID.Malformed"] = (LabErrorKind.InvalidData, "An instance id looks like i-0123456789abcdef0; Get-LabInstance lists them."),
        ["InvalidAMIID.NotFound"] = (LabErrorKind.NotFound, "Images belong to a region: choose one of this region, or another region with -Region."),
        ["InvalidAMIID.Malformed"] = (LabErrorKind.InvalidData, "An image id looks like ami-0123456789abcdef0."),
        ["IncorrectInstanceState"] = (LabErrorKind.Conflict, "Get-LabInstance shows its state; Wait-LabInstance waits for another."),
        ["IncorrectState"] = (LabErrorKind.Conflict, "Get-LabInstance shows its state; Wait-LabInstance waits for another."),
        ["OperationNotPermitted"] = (LabErrorKind.Conflict, "It is protected against this: change its termination or stop protection first."),
        ["InsufficientInstanceCapacity"] = (LabErrorKind.LimitExceeded, "Try another instance type or a subnet in another zone, or later."),
        ["VcpuLimitExceeded"] = (LabErrorKind.LimitExceeded, "Ask for a higher quota of EC2, or use a smaller instance type."),
        ["InstanceLimitExceeded"] = (LabErrorKind.LimitExceeded, "Ask for a higher quota of EC2, or remove instances that are not needed."),

        ["SlowDown"] = (LabErrorKind.LimitExceeded, "Lower -ThrottleLimit, or try again later."),
        ["RequestLimitExceeded"] = (LabErrorKind.LimitExceeded, "Lower -ThrottleLimit, or try again later."),
        ["TooManyBuckets"] = (LabErrorKind.LimitExceeded, null),
        ["QuotaExceeded"] = (LabErrorKind.LimitExceeded, null),
        ["BandwidthLimitExceeded"] = (LabErrorKind.LimitExceeded, null),

        ["BadDigest"] = (LabErrorKind.Corrupted, "Send it again."),
        ["InvalidDigest"] = (LabErrorKind.Corrupted, "Send it again."),
        ["XAmzContentSHA256Mismatch"] = (LabErrorKind.Corrupted, "Send it again."),
        ["IncompleteBody"] = (LabErrorKind.Corrupted, "Send it again."),

        ["RequestTimeout"] = (LabErrorKind.Timeout, null),
        ["NotImplemented"] = (LabErrorKind.NotSupported, null),
        ["InvalidAction"] = (LabErrorKind.NotSupported, null),
        ["UnsupportedOperation"] = (LabErrorKind.NotSupported, null),
    };

    /// <summary>Whether an exception comes from the SDK or the network under it, so that <see cref="From"/> knows it.</summary>
    /// <param name="problem">What was thrown.</param>
    /// <param name="cancellation">The caller's token: what comes of its cancellation is no error of the service.</param>
    /// <returns>True if <see cref="From"/> should be called.</returns>
    public static bool Knows(Exception problem, CancellationToken cancellation) => problem switch
    {
        LabException => false,
        _ when cancellation.IsCancellationRequested => false,
        AmazonServiceException or AmazonClientException or HttpRequestException or WebException => true,
        SocketException or AuthenticationException or TimeoutException or OperationCanceledException or XmlException => true,
        // A local file's trouble is not the network's.
        IOException io => io is HttpIOException
            || io.InnerException is SocketException or HttpIOException or AuthenticationException or TimeoutException or IOException,
        _ => false,
    };

    /// <summary>Maps an exception.</summary>
    /// <param name="problem">What the SDK, or the network under it, threw.</param>
    /// <param name="aws">Where the request went.</param>
    /// <param name="service">Service id: <c>S3</c>, <c>STS</c>, <c>IAM</c>.</param>
    /// <param name="subject">What the request was about, to begin the message with: <c>Bucket 'movies'</c>.</param>
    /// <param name="target">The object the error is about, or null.</param>
    /// <param name="missingCode">Code of a 404 without a body, as HEAD gives it: <c>NoSuchBucket</c>.</param>
    /// <returns>The exception to throw.</returns>
    public static LabException From(
        Exception problem, AwsConnection aws, string service, string subject, object? target = null,
        string missingCode = "NotFound")
    {
        if (problem is LabException lab)
        {
            return lab;
        }

        string place = aws.Endpoint(service) is { } endpoint
            ? endpoint.GetLeftPart(UriPartial.Authority)
            : $"Amazon's {service} in {aws.Region}";

        // The SDK wraps: what says most stands innermost, except for an answer of the service itself.
        for (Exception? e = problem; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case LabException told:
                    return told;
                case AmazonUnmarshallingException or XmlException:
                    return Answerless(problem, place, service, subject, target);
                case AmazonServiceException answer when answer.StatusCode != 0 || !string.IsNullOrEmpty(answer.ErrorCode):
                    return FromAnswer(answer, place, service, subject, target, missingCode);
                case AuthenticationException tls:
                    return new LabException(
                        LabErrorKind.ConnectionFailed, "TlsFailed", $"The TLS connection to {place} failed: {OneLine(tls.Message)}", problem)
                    {
                        Target = target,
                        Advice = $"Give the PEM file of its certificate authority with {SessionAdvice.Setting("AWS_CA_BUNDLE", "Connect-Lab -CaBundle")}, or correct the endpoint.",
                    };
                case SocketException socket:
                    return FromSocket(socket, problem, place, target);
                case TimeoutException when e.Message.Contains("ConnectTimeout", StringComparison.Ordinal):
                    return FromSocket(new SocketException((int)SocketError.TimedOut), problem, place, target);
            }
        }

        return FromClient(problem, place, service, subject, target);
    }

    /// <summary>What to do about a code of a service, for an error that is told without asking it.</summary>
    /// <param name="code">The code: <c>NoSuchTagSet</c>.</param>
    /// <returns>The advice, or null.</returns>
    internal static string? AdviceOn(string code) => Codes.GetValueOrDefault(code).Advice;

    /// <summary>Makes one line of a service's message.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The text without line breaks or doubled spaces.</returns>
    internal static string OneLine(string text) => Spaces().Replace(text, " ").Trim();

    private static LabException FromAnswer(
        AmazonServiceException answer, string place, string service, string subject, object? target, string missingCode)
    {
        int status = (int)answer.StatusCode;
        string code = CodeOf(answer, status, missingCode);
        (LabErrorKind kind, string? advice) = Classify(code, status, answer.Message ?? "");
        string text = OneLine(answer.Message ?? "");
        if (SaysNothing(text) || text == code || text == status.ToString(CultureInfo.InvariantCulture))
        {
            text = kind switch
            {
                _ when status is 301 or 307 => "it is in another region",
                _ when code == "NoSuchBucket" => "the bucket does not exist",
                _ when code == "InvalidRange" => "it ends before the requested range",
                LabErrorKind.AccessDenied => "access is denied",
                LabErrorKind.AuthenticationFailed => "the credentials were rejected",
                LabErrorKind.NotFound => "it does not exist",
                LabErrorKind.AlreadyExists => "it already exists",
                LabErrorKind.NotSupported => $"{place} does not offer this {service} operation",
                LabErrorKind.Conflict => status == 304 ? "it has not changed" : status == 412 ? "the condition is not met" : "it conflicts with the current state",
                LabErrorKind.LimitExceeded => $"{place} received too many requests",
                LabErrorKind.InvalidData => $"{place} does not accept the request",
                _ => $"{place} answered with status {status}",
            };
        }

        if (ServiceClock.OffsetIn(text) is { } offset)
        {
            (text, advice) = ($"this machine's clock is {ServiceClock.Describe(offset)}, so that the service refuses the request: {text}", CorrectClock);
        }

        return new LabException(kind, code, $"{subject}: {text.TrimEnd('.')} ({code}).", answer)
        {
            StatusCode = status == 0 ? null : status,
            RequestId = string.IsNullOrEmpty(answer.RequestId) ? null : answer.RequestId,
            Target = target,
            Advice = advice,
        };
    }

    // The SDK's own words where the service gave none.
    private static bool SaysNothing(string text) => text.Length == 0
        || text.StartsWith("Error making request with Error Code", StringComparison.Ordinal)
        || text.StartsWith("The service returned an error with Error Code", StringComparison.Ordinal)
        || text.StartsWith("Exception of type", StringComparison.Ordinal);

    private static string CodeOf(AmazonServiceException answer, int status, string missingCode)
    {
        // HEAD has no body, so the SDK fills the code with the status or its name.
        string given = answer.ErrorCode ?? "";
        if (given.Length > 0 && !char.IsAsciiDigit(given[0]) && given != answer.StatusCode.ToString())
        {
            return given.EndsWith("Exception", StringComparison.Ordinal) && Codes.ContainsKey(given[..^9]) ? given[..^9] : given;
        }

        return status switch
        {
            301 => "PermanentRedirect",
            304 => "NotModified",
            307 => "TemporaryRedirect",
            400 => "BadRequest",
            401 => "Unauthorized",
            403 => "AccessDenied",
            404 => missingCode,
            405 => "MethodNotAllowed",
            409 => "Conflict",
            412 => "PreconditionFailed",
            416 => "InvalidRange",
            429 => "TooManyRequests",
            501 => "NotImplemented",
            503 => "ServiceUnavailable",
            _ => "Http" + status.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static (LabErrorKind Kind, string? Advice) Classify(string code, int status, string text)
    {
        if (Codes.TryGetValue(code, out (LabErrorKind Kind, string? Advice) known))
        {
            return known;
        }

        if (code.StartsWith("AccessDenied", StringComparison.Ordinal))
        {
            if (text.StartsWith("MultiFactorAuthentication failed", StringComparison.Ordinal))
            {
                return (LabErrorKind.AuthenticationFailed,
                    "Give the code that the MFA device shows now; each code counts once, so wait for the next one. Check also the serial number and the clock of the device.");
            }

            // radosgw and other servers answer so to a wrong key, too; who names the caller knows the key.
            return (LabErrorKind.AccessDenied, text.Contains("is not authorized to perform", StringComparison.Ordinal)
                ? $"{SessionAdvice.WhyDenied}Give the caller a policy that allows it, or use another identity ({SessionAdvice.SomebodyElse})."
                : "Check that the caller's policies allow it, and that the keys are correct (Get-LabSession): some servers report a wrong key in the same way.");
        }

        if (code == "NoSuchEntity")
        {
            // Only the text says what is missing, and not with every server.
            return (LabErrorKind.NotFound, Missing().Match(text).Groups[1].Value.ToLowerInvariant() switch
            {
                "user" => "Get-LabUser lists the users.",
                "group" => "Get-LabGroup lists the groups.",
                "role" => "Get-LabRole lists the roles.",
                "instance profile" => "Get-LabInstanceProfile lists the instance profiles.",
                "policy" => "Get-LabPolicy lists the managed policies.",
                _ => null,
            });
        }

        if (code.StartsWith("NoSuch", StringComparison.Ordinal) || code.Contains("NotFound", StringComparison.Ordinal))
        {
            return (LabErrorKind.NotFound, null);
        }

        if (code.StartsWith("LimitExceeded", StringComparison.Ordinal))
        {
            return (LabErrorKind.LimitExceeded, null);
        }

        if (code.Contains("Throttl", StringComparison.Ordinal) || code.StartsWith("TooManyRequests", StringComparison.Ordinal))
        {
            return (LabErrorKind.LimitExceeded, "Lower -ThrottleLimit, or try again later.");
        }

        return (status switch
        {
            401 => LabErrorKind.AuthenticationFailed,
            403 => LabErrorKind.AccessDenied,
            404 => LabErrorKind.NotFound,
            405 or 501 => LabErrorKind.NotSupported,
            408 => LabErrorKind.Timeout,
            304 or 409 or 412 => LabErrorKind.Conflict,
            429 => LabErrorKind.LimitExceeded,
            >= 400 and < 500 => LabErrorKind.InvalidData,
            _ => LabErrorKind.ServiceFailed,
        }, status >= 500 ? "Several attempts failed; try again later." : null);
    }

    private static LabException FromSocket(SocketException socket, Exception problem, string place, object? target)
    {
        (string code, string text) = socket.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                ("HostNotFound", $"The host name of {place} cannot be resolved."),
            SocketError.ConnectionRefused => ("ConnectionRefused", $"Nothing answers at {place}."),
            SocketError.TimedOut => ("ConnectTimeout", $"{place} did not answer in time."),
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown =>
                ("ConnectionReset", $"{place} closed the connection."),
            _ => ("ConnectionFailed", $"{place} cannot be reached: {OneLine(socket.Message)}."),
        };
        return new LabException(LabErrorKind.ConnectionFailed, code, text, problem)
        {
            Target = target,
            Advice = "Check the endpoint (-EndpointUrl, AWS_ENDPOINT_URL, Get-LabSession) and that the server is running.",

            // A server that was there and broke off may serve the next item.
            StopsCommand = code != "ConnectionReset",
        };
    }

    private static LabException FromClient(Exception problem, string place, string service, string subject, object? target)
    {
        string text = OneLine(problem.Message);
        switch (problem)
        {
            case TimeoutException or OperationCanceledException:
            case HttpRequestException { InnerException: TimeoutException or OperationCanceledException }:
            case IOException { InnerException: TimeoutException }:
                return new LabException(LabErrorKind.Timeout, "RequestTimeout", $"{subject}: {place} did not answer in time.", problem)
                {
                    Target = target,
                };
            case AmazonClientException when text.Contains("hash", StringComparison.OrdinalIgnoreCase)
                || text.Contains("checksum", StringComparison.OrdinalIgnoreCase):
                return new LabException(LabErrorKind.Corrupted, "ChecksumMismatch", $"{subject}: the received data differs from what was sent: {text}", problem)
                {
                    Target = target,
                    Advice = "Transfer it again.",
                };
            case AmazonClientException when text.Contains("credentials", StringComparison.OrdinalIgnoreCase):
                return new LabException(LabErrorKind.AuthenticationFailed, "NoCredentials", $"No usable AWS credentials: {text}", problem)
                {
                    Advice = $"Use {SessionAdvice.Credentials}.",
                };
            case HttpRequestException or IOException or WebException:
                return new LabException(LabErrorKind.ConnectionFailed, "ConnectionFailed", $"The connection to {place} failed: {text}", problem)
                {
                    Target = target,
                    Advice = "Check the endpoint (-EndpointUrl, AWS_ENDPOINT_URL, Get-LabSession) and that the server is running.",
                    StopsCommand = false,
                };
            case AmazonServiceException:
                return Answerless(problem, place, service, subject, target);
            default:
                return new LabException(LabErrorKind.ServiceFailed, service + "Failed", $"{subject}: {text}", problem) { Target = target };
        }
    }

    private static LabException Answerless(Exception problem, string place, string service, string subject, object? target) =>
        new(LabErrorKind.ServiceFailed, "InvalidResponse", $"{subject}: {place} did not return a valid {service} response.", problem)
        {
            StatusCode = problem is AmazonServiceException { StatusCode: not 0 } answer ? (int)answer.StatusCode : null,
            Target = target,
            Advice = "Check that the endpoint is correct and that no proxy answers in its place.",
        };

    // The user with name x, Instance Profile x, Policy arn:..., but not: The user policy with name x.
    [GeneratedRegex(@"^(?:The )?(user|group|role|instance profile|policy)\b(?! policy)", RegexOptions.IgnoreCase)]
    private static partial Regex Missing();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
