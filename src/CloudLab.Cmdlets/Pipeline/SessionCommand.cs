using System.Management.Automation;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that talk to a service: resolves the session they work in.</summary>
public abstract class SessionCommand : LabCommand
{
    private LabSession? defaultSession;

    /// <summary>Session to work in, as <c>Connect-Lab</c>, <c>Get-LabSession</c> and <c>Use-LabRole -PassThru</c> write it; the runspace's default if left out.</summary>
    [Parameter]
    [ValidateNotNull]
    public LabSession? Session { get; set; }

    /// <summary>The session that the parameters, the session object and the runspace's default add up to.</summary>
    protected LabSession Lab => LabSession.Resolve(Options(), "parameter", Session ?? defaultSession);

    /// <summary>The runspace's default session, as it was when the cmdlet began.</summary>
    private protected LabSession RunspaceDefault => defaultSession!;

    /// <summary>What this cmdlet's own connection parameters ask for.</summary>
    /// <returns>Options with only the given ones set.</returns>
    protected abstract SessionOptions Options();

    /// <inheritdoc/>
    protected override void OnBegin() => defaultSession = DefaultSession.Get();
}
