using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Instances;

namespace CloudLab.Cmdlets.Identity.Instances;

/// <summary>Starts new EC2 instances from an image, or instances that are stopped.</summary>
/// <remarks>
/// <para>With -ImageId it runs new instances and writes them at once, while they are still pending: pipe them to Wait-LabInstance. Running instances cost
/// money until Remove-LabInstance terminates them.</para>
/// <para>-InstanceProfile gives the instances a role, whose temporary credentials the programs on them find by themselves. A profile that was just created is not known to
/// EC2 for some seconds; it is tried again for up to a minute.</para>
/// <para>Each request carries a client token: when its answer is lost and it is sent again, EC2 starts nothing twice. Give -ClientToken to make the command
/// itself repeatable: run again with the same token and parameters, it returns the instances that were started first.</para>
/// <para>With -InstanceId it starts instances that were stopped; -PassThru writes them.</para>
/// <para>The emulator has no EC2: these cmdlets need AWS, or a server that has it.</para>
/// <para>Errors: InvalidAMIID.NotFound; NoSuchEntity when the instance profile does not exist; UserDataTooLarge; InsufficientInstanceCapacity;
/// IncorrectInstanceState when an instance cannot be started now; UnauthorizedOperation when ec2:RunInstances, or iam:PassRole for the role, is not
/// allowed.</para>
/// </remarks>
/// <example>
/// <para>Starts an instance, waits until it runs, and removes it.</para>
/// <code>Start-LabInstance -ImageId ami-12c6146b -InstanceType t3.micro -Name movies-web | Wait-LabInstance | Remove-LabInstance -Force</code>
/// </example>
/// <example>
/// <para>Shows what starting two instances with a role and a start script would do.</para>
/// <code>Start-LabInstance -ImageId ami-12c6146b -Count 2 -InstanceProfile movies-server -UserData "#!/bin/sh`naws s3 cp s3://movies/site.tgz ." -Tag @{ team = 'movies' } -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Instances.LabInstance, or System.String: id or name of a stopped instance.</inputtype>
[Cmdlet(VerbsLifecycle.Start, "LabInstance", SupportsShouldProcess = true, DefaultParameterSetName = "Stopped")]
[OutputType(typeof(LabInstance))]
public sealed class StartLabInstanceCommand : InstanceCommand
{
    /// <summary>Ids of stopped instances, or values of their Name tag; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Stopped")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Writes the instances.</summary>
    [Parameter(ParameterSetName = "Stopped")]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Image to start new instances from: <c>ami-…</c>, or <c>resolve:ssm:</c> and the name of a parameter with the id.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "New")]
    [Alias("Image")]
    [ArgumentCompleter(typeof(InstanceChoiceCompleter))]
    [ValidatePattern(@"^(ami-|resolve:ssm:)[!-~]+\z")]
    public string ImageId { get; set; } = "";

    /// <summary>Instance type: <c>t3.micro</c>. The service's default if omitted.</summary>
    [Parameter(ParameterSetName = "New")]
    [Alias("Type")]
    [ArgumentCompleter(typeof(InstanceChoiceCompleter))]
    [ValidatePattern(@"^[a-z0-9-]+\.[a-z0-9-]+\z")]
    public string? InstanceType { get; set; }

    /// <summary>How many instances to start: all of them, or none. One if omitted.</summary>
    [Parameter(ParameterSetName = "New")]
    [ValidateRange(1, 1000)]
    public int Count { get; set; } = 1;

    /// <summary>Name or ARN of the instance profile that gives the instances a role.</summary>
    [Parameter(ParameterSetName = "New")]
    [Alias("IamInstanceProfile", "InstanceProfileName")]
    [ArgumentCompleter(typeof(InstanceProfileNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? InstanceProfile { get; set; }

    /// <summary>Name of the instances: the value of their Name tag.</summary>
    [Parameter(ParameterSetName = "New")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 256)]
    public string? Name { get; set; }

    /// <summary>Tags of the instances: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter(ParameterSetName = "New")]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Text that the instances read when they first start: a script, or cloud-init's YAML. At most 16 KiB.</summary>
    [Parameter(ParameterSetName = "New")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? UserData { get; set; }

    /// <summary>Name of the key pair for SSH.</summary>
    [Parameter(ParameterSetName = "New")]
    [ArgumentCompleter(typeof(InstanceChoiceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? KeyName { get; set; }

    /// <summary>Subnet to start in; one of the default network if omitted.</summary>
    [Parameter(ParameterSetName = "New")]
    [ArgumentCompleter(typeof(InstanceChoiceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SubnetId { get; set; }

    /// <summary>Ids of security groups; the network's default group if omitted.</summary>
    [Parameter(ParameterSetName = "New")]
    [ArgumentCompleter(typeof(InstanceChoiceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? SecurityGroupId { get; set; }

    /// <summary>Token of your own that makes this command repeatable, up to 64 characters. Each run has another if omitted.</summary>
    [Parameter(ParameterSetName = "New")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 64)]
    [ValidatePattern(@"^[!-~]+\z")]
    public string? ClientToken { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (ParameterSetName == "Stopped")
        {
            await ForEachInstanceAsync(InstanceId, "Start instance", false, (id, token) => Instances.StartAsync(id, token), PassThru, cancellation);
            return;
        }

        Dictionary<string, string> tags = PlainObject.Texts(Tag);
        if (Name is not null && !tags.TryAdd("Name", Name))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "NameTwice", "-Name and the Name tag of -Tag cannot be combined.");
        }

        string what = $"{(Count == 1 ? "one instance" : $"{Count} instances")} of image '{ImageId}'"
            + (Name is null ? "" : $" named '{Name}'") + (InstanceProfile is null ? "" : $" with instance profile '{InstanceProfile}'");
        if (await ShouldProcessAsync(what, "Start"))
        {
            await WriteManyAsync(
                await Instances.RunAsync(
                    new NewInstances
                    {
                        ImageId = ImageId,
                        InstanceType = InstanceType,
                        Count = Count,
                        InstanceProfile = InstanceProfile,
                        UserData = UserData is null ? null : string.Join('\n', UserData),
                        KeyName = KeyName,
                        SubnetId = SubnetId,
                        SecurityGroupIds = SecurityGroupId ?? [],
                        Tags = tags,
                        ClientToken = ClientToken ?? Guid.NewGuid().ToString("N"),
                    },
                    cancellation),
                cancellation);
        }
    }
}
