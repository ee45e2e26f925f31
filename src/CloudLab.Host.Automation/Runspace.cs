namespace System.Management.Automation.Runspaces;

/// <summary>Only an identity: what cmdlets keep apart for each session of a user hangs on it.</summary>
public sealed class Runspace : IDisposable
{
    [ThreadStatic]
    private static Runspace? current;

    internal Runspace()
    {
    }

    /// <summary>The runspace of the thread that runs cmdlets.</summary>
    public static Runspace? DefaultRunspace
    {
        get => current;
        set => current = value;
    }

    public Guid InstanceId { get; } = Guid.NewGuid();

    public void Dispose()
    {
    }
}

public static class RunspaceFactory
{
    public static Runspace CreateRunspace() => new();
}
