using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Instances;

namespace CloudLab.Cmdlets.Identity.Instances;

/// <summary>Terminates EC2 instances: they and the disks that belong to them are deleted.</summary>
/// <remarks>
/// <para>Asks for confirmation for each instance, with its name, unless -Force is given. Returns when the termination is accepted: wait for it with
/// Wait-LabInstance -State Terminated. For about an hour Get-LabInstance still lists it as terminated.</para>
/// <para>The emulator has no EC2: these cmdlets need AWS, or a server that has it.</para>
/// <para>Errors: InvalidInstanceID.NotFound, InstanceNotFound; OperationNotPermitted when it is protected against termination; UnauthorizedOperation.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be terminated.</para>
/// <code>Get-LabInstance -Tag @{ team = 'movies' } | Remove-LabInstance -WhatIf</code>
/// </example>
/// <example>
/// <para>Starts an instance, terminates it, and waits until it is gone.</para>
/// <code>Start-LabInstance -ImageId ami-12c6146b | Remove-LabInstance -Force -PassThru | Wait-LabInstance -State Terminated</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Instances.LabInstance, or System.String: id or name of an instance.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabInstance", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(LabInstance))]
public sealed class RemoveLabInstanceCommand : InstanceCommand
{
    /// <summary>Ids of instances, or values of their Name tag; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the instances.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) =>
        ForEachInstanceAsync(InstanceId, "Terminate instance", Force, (id, token) => Instances.TerminateAsync(id, token), PassThru, cancellation);
}
