using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>The session that a cmdlet works in: its own parameters over its -Session over the runspace's default.</summary>
internal sealed class CommandSession
{
    private LabSession? runspaceDefault;

    /// <summary>The runspace's default session, as it was when the cmdlet began.</summary>
    public LabSession Default => runspaceDefault ?? throw new InvalidOperationException("The cmdlet has not started.");

    /// <summary>Takes note of the runspace's default session; on the pipeline thread.</summary>
    public void Begin() => runspaceDefault = DefaultSession.Get();

    /// <summary>The session that a cmdlet's parameters add up to.</summary>
    /// <param name="options">What its own connection parameters ask for.</param>
    /// <param name="given">-Session, or null.</param>
    /// <returns>The session.</returns>
    public LabSession Resolve(SessionOptions options, LabSession? given) => LabSession.Resolve(options, "parameter", given ?? Default);
}
