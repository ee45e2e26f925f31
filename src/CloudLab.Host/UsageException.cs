namespace CloudLab.Host;

/// <summary>The command line makes no sense; exit code 2.</summary>
/// <param name="message">What to do about it.</param>
internal sealed class UsageException(string message) : Exception(message);
