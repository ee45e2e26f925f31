namespace CloudLab.Core.Sessions;

/// <summary>Environment variables and home folder, so that a test can bring its own.</summary>
public sealed class LabEnvironment
{
    private readonly Func<string, string?> read;

    /// <summary>An environment read through a function.</summary>
    /// <param name="read">Gives a variable's value, or null.</param>
    /// <param name="home">Home folder; the user's own if null.</param>
    public LabEnvironment(Func<string, string?> read, string? home = null)
    {
        this.read = read;
        Home = home ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
    }

    /// <summary>The process's own environment.</summary>
    public static LabEnvironment Process { get; } = new(Environment.GetEnvironmentVariable);

    /// <summary>The user's home folder, an absolute path.</summary>
    public string Home { get; }

    /// <summary>Reads a variable; an empty value counts as unset, as it does for the AWS and docker CLIs.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The value, or null.</returns>
    public string? Get(string name) => read(name) is { Length: > 0 } value ? value : null;
}
