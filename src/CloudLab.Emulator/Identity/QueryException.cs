namespace CloudLab.Emulator.Identity;

/// <summary>An error that IAM or STS answers.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">AWS's code.</param>
/// <param name="message">AWS's message.</param>
internal sealed class QueryException(int status, string code, string message) : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>AWS's code.</summary>
    public string Code { get; } = code;

    /// <summary>A name that stands for nothing.</summary>
    /// <param name="kind">role, user, …</param>
    /// <param name="name">The name.</param>
    /// <returns>The exception to throw.</returns>
    public static QueryException NoSuch(string kind, string name) =>
        new(404, "NoSuchEntity", $"The {kind} with name {name} cannot be found.");

    /// <summary>A parameter that breaks a rule.</summary>
    /// <param name="message">Which rule.</param>
    /// <returns>The exception to throw.</returns>
    public static QueryException Invalid(string message) => new(400, "ValidationError", message);
}
