using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Instances;

namespace CloudLab.Cmdlets.Identity.Instances;

/// <summary>Gives EC2 instances a role through an instance profile, or takes it away.</summary>
/// <remarks>
/// <para>The profile takes the place of one that the instance already has. Programs on the instance find the role's temporary credentials by themselves, within a
/// minute or so. The caller needs iam:PassRole for the role. A profile that was just created is not known to EC2 for some seconds; it is tried again for up
/// to a minute.</para>
/// <para>The emulator has no EC2: these cmdlets need AWS, or a server that has it.</para>
/// <para>Errors: NoSuchEntity when the instance profile does not exist; InvalidInstanceID.NotFound, InstanceNotFound; IncorrectInstanceState;
/// UnauthorizedOperation.</para>
/// </remarks>
/// <example>
/// <para>Shows what giving an instance a role would do.</para>
/// <code>Get-LabInstance movies-* | Set-LabInstance -InstanceProfile movies-server -WhatIf</code>
/// </example>
/// <example>
/// <para>Takes the role away from all instances of a team.</para>
/// <code>Get-LabInstance -Tag @{ team = 'movies' } -State Running | Set-LabInstance -NoInstanceProfile</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Instances.LabInstance, or System.String: id or name of an instance.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabInstance", SupportsShouldProcess = true, DefaultParameterSetName = "Profile")]
[OutputType(typeof(LabInstance))]
public sealed class SetLabInstanceCommand : InstanceCommand
{
    /// <summary>Ids of instances, or values of their Name tag; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Name or ARN of the instance profile.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Profile")]
    [Alias("IamInstanceProfile", "InstanceProfileName")]
    [ArgumentCompleter(typeof(InstanceProfileNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? InstanceProfile { get; set; }

    /// <summary>Takes the instance profile away.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "None")]
    public SwitchParameter NoInstanceProfile { get; set; }

    /// <summary>Writes the instances.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachInstanceAsync(
        InstanceId, InstanceProfile is null ? "Remove instance profile" : $"Set instance profile '{InstanceProfile}'", false,
        (id, token) => Instances.SetProfileAsync(id, InstanceProfile, token), PassThru, cancellation);
}
