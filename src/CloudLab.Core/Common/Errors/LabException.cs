namespace CloudLab.Core.Common.Errors;

/// <summary>
/// The one exception that Core throws. It carries the service's own code, status and request id, and what to do
/// next. One mapper in CloudLab.Cmdlets turns it into an error record.
/// </summary>
/// <param name="kind">What went wrong; decides the error category and whether the whole command stops.</param>
/// <param name="code">Stable id without spaces: the service's own code (<c>NoSuchBucket</c>) where it has one.</param>
/// <param name="message">One line that says what is wrong and, in short, what to do. Never a secret.</param>
/// <param name="inner">The exception underneath, if any.</param>
public sealed class LabException(LabErrorKind kind, string code, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public LabErrorKind Kind { get; } = kind;

    /// <summary>Stable error id, the service's own code where it has one.</summary>
    public string Code { get; } = code;

    /// <summary>HTTP status of the answer, if there was one.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The service's own words, without what is said around them.</summary>
    public string? ServiceMessage { get; init; }

    /// <summary>The service's request id, if it gave one.</summary>
    public string? RequestId { get; init; }

    /// <summary>What the user can do next, one or two sentences.</summary>
    public string? Advice { get; init; }

    /// <summary>What the error is about: an object, a key, a file name.</summary>
    public object? Target { get; init; }

    /// <summary>
    /// True where going on with further items is pointless: a wrong parameter, no credentials, no connection.
    /// </summary>
    public bool StopsCommand { get; init; } =
        kind is LabErrorKind.InvalidArgument or LabErrorKind.AuthenticationFailed or LabErrorKind.ConnectionFailed;

    /// <summary>The same problem, told with what it meant for the work that it stopped.</summary>
    /// <param name="message">What to say instead.</param>
    /// <param name="advice">What the user can do next; null to keep what is said.</param>
    /// <param name="code">Error id; null to keep the service's own.</param>
    /// <param name="target">What the error is about; null to keep it.</param>
    /// <returns>An exception of the same kind, which does not stop the command.</returns>
    public LabException Retold(string message, string? advice = null, string? code = null, object? target = null) =>
        Again(message, code ?? Code, advice ?? Advice, target ?? Target, stops: false);

    /// <summary>The same problem where it makes going on pointless.</summary>
    /// <returns>An exception that stops the command.</returns>
    public LabException Stopping() => Again(Message, Code, Advice, Target, stops: true);

    /// <summary>The same problem where more is known of what to do.</summary>
    /// <param name="advice">What the user can do next.</param>
    /// <returns>An exception with this advice.</returns>
    public LabException Advising(string advice) => Again(Message, Code, advice, Target, StopsCommand);

    private LabException Again(string message, string code, string? advice, object? target, bool stops) => new(Kind, code, message, this)
    {
        StatusCode = StatusCode, RequestId = RequestId, ServiceMessage = ServiceMessage, Advice = advice, Target = target, StopsCommand = stops,
    };
}
