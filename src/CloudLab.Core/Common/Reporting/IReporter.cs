namespace CloudLab.Core.Common.Reporting;

/// <summary>
/// Where Core says what it is doing. Calls may come from any thread and return at once; the command decides what
/// the user sees.
/// </summary>
public interface IReporter
{
    /// <summary>One request or decision, for <c>-Verbose</c>. Never a secret.</summary>
    /// <param name="message">One line.</param>
    void Verbose(string message);

    /// <summary>Something the user should know that is no error.</summary>
    /// <param name="message">One line.</param>
    void Warning(string message);

    /// <summary>How far long work is. Use <see cref="ProgressMeter"/>, which keeps the rate of updates low.</summary>
    /// <param name="update">The state to show.</param>
    void Progress(ProgressUpdate update);

    /// <summary>Asks whoever runs the command for a line of text: the code of an MFA device.</summary>
    /// <param name="caption">What it is about.</param>
    /// <param name="question">What to type.</param>
    /// <returns>The answer; null where nobody can be asked.</returns>
    Task<string?> AskAsync(string caption, string question) => Task.FromResult<string?>(null);
}

/// <summary>A reporter that drops everything, for callers with nobody to tell.</summary>
public sealed class NullReporter : IReporter
{
    /// <summary>The one instance.</summary>
    public static NullReporter Instance { get; } = new();

    /// <inheritdoc/>
    public void Verbose(string message) { }

    /// <inheritdoc/>
    public void Warning(string message) { }

    /// <inheritdoc/>
    public void Progress(ProgressUpdate update) { }
}
