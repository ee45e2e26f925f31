using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Instances;

namespace CloudLab.Cmdlets.Identity.Instances;

/// <summary>Stops EC2 instances; they keep their disks and can be started again.</summary>
/// <remarks>
/// <para>Returns when the stop is accepted: wait for it with Wait-LabInstance -State Stopped. A stopped instance costs nothing but its disks; Start-LabInstance
/// starts it again, Remove-LabInstance terminates it.</para>
/// <para>The emulator has no EC2: these cmdlets need AWS, or a server that has it.</para>
/// <para>Errors: InvalidInstanceID.NotFound, InstanceNotFound; IncorrectInstanceState; OperationNotPermitted when it is protected;
/// UnauthorizedOperation.</para>
/// </remarks>
/// <example>
/// <para>Stops all instances whose names begin with movies-, and waits for them.</para>
/// <code>Stop-LabInstance movies-* -PassThru | Wait-LabInstance -State Stopped</code>
/// </example>
/// <example>
/// <para>Shows what would be stopped.</para>
/// <code>Get-LabInstance -State Running | Stop-LabInstance -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Instances.LabInstance, or System.String: id or name of an instance.</inputtype>
[Cmdlet(VerbsLifecycle.Stop, "LabInstance", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(LabInstance))]
public sealed class StopLabInstanceCommand : InstanceCommand
{
    /// <summary>Ids of instances, or values of their Name tag; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Keeps the memory on disk, for an instance that was started for that.</summary>
    [Parameter]
    public SwitchParameter Hibernate { get; set; }

    /// <summary>Stops without waiting for the operating system, as if the power was cut.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the instances.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) =>
        ForEachInstanceAsync(InstanceId, "Stop instance", false, (id, token) => Instances.StopAsync(id, Hibernate, Force, token), PassThru, cancellation);
}
