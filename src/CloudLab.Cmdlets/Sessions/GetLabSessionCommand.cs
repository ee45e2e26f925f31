using System.Management.Automation;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Sessions;

/// <summary>Placeholder until the sessions work lands.</summary>
[Cmdlet(VerbsCommon.Get, "LabSession")]
[OutputType(typeof(LabSession))]
public sealed class GetLabSessionCommand : PSCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(DefaultSession.Get());
}
