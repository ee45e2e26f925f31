using System.Runtime.CompilerServices;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Instances;

/// <summary>The EC2 instances of an account and region: start, list, stop, terminate, wait, and give them a role.</summary>
/// <param name="client">The session's services.</param>
public sealed class InstanceStore(IdentityClient client)
{
    private const int InstancesInPage = 1000;
    private const int MaxUserData = 16 * 1024;

    // EC2 learns of a new instance profile, and shows a new instance, some seconds late.
    private static readonly WaitOptions ForProfile = new() { Timeout = TimeSpan.FromSeconds(60), PollInterval = TimeSpan.FromSeconds(5) };
    private static readonly TimeSpan UntilVisible = TimeSpan.FromSeconds(20);

    private static readonly ConditionalWeakTable<AwsConnection, Ec2Client> Clients = [];

    /// <summary>Lists the instances, page by page.</summary>
    /// <param name="states">Only those in one of these states; all if empty.</param>
    /// <param name="tags">Only those with all of these tags.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>The instances.</returns>
    public async IAsyncEnumerable<LabInstance> ListAsync(
        IReadOnlyList<InstanceState>? states = null, IReadOnlyDictionary<string, string>? tags = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        List<Filter> filters = [.. (tags ?? new Dictionary<string, string>()).Select(tag => new Filter("tag:" + tag.Key, [tag.Value]))];
        if (states is { Count: > 0 })
        {
            filters.Add(new Filter("instance-state-name", [.. states.Select(NameOf)]));
        }

        DescribeInstancesRequest request = new() { Filters = filters.Count > 0 ? filters : null, MaxResults = InstancesInPage };
        do
        {
            DescribeInstancesResponse page = await CallAsync("DescribeInstances", "Instances", null, ec2 => ec2.DescribeInstancesAsync(request, cancellation), cancellation);
            foreach (Instance instance in (page.Reservations ?? []).SelectMany(reservation => reservation.Instances ?? []))
            {
                yield return Read(instance);
            }

            request.NextToken = page.NextToken == request.NextToken ? null : page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
    }

    /// <summary>Looks one instance up.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The instance. Throws <see cref="LabException"/> (InvalidInstanceID.NotFound).</returns>
    public async Task<LabInstance> GetAsync(string id, CancellationToken cancellation = default)
    {
        DescribeInstancesResponse answer = await CallAsync(
            "DescribeInstances", Subject(id), id, ec2 => ec2.DescribeInstancesAsync(new DescribeInstancesRequest { InstanceIds = [id] }, cancellation), cancellation);
        return (answer.Reservations ?? []).SelectMany(reservation => reservation.Instances ?? []).Select(Read).FirstOrDefault()
            ?? throw new LabException(LabErrorKind.NotFound, "InvalidInstanceID.NotFound", $"{Subject(id)}: it does not exist (InvalidInstanceID.NotFound).")
            {
                Target = id, Advice = AwsErrors.AdviceOn("InvalidInstanceID.NotFound"),
            };
    }

    /// <summary>Starts new instances from an image. A request whose answer is lost is sent again, and starts nothing twice.</summary>
    /// <param name="request">What to start.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The instances, pending. Throws <see cref="LabException"/>.</returns>
    public async Task<IReadOnlyList<LabInstance>> RunAsync(NewInstances request, CancellationToken cancellation = default)
    {
        byte[] userData = Encoding.UTF8.GetBytes(request.UserData ?? "");
        if (userData.Length > MaxUserData)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "UserDataTooLarge", $"The user data has {userData.Length} bytes, {userData.Length - MaxUserData} more than EC2 takes: put the script into a bucket and load it from there.");
        }

        RunInstancesRequest run = new()
        {
            ImageId = request.ImageId,
            InstanceType = request.InstanceType is { } type ? new InstanceType(type) : null,
            MinCount = request.Count,
            MaxCount = request.Count,
            IamInstanceProfile = Specification(request.InstanceProfile),
            UserData = request.UserData is null ? null : Convert.ToBase64String(userData),
            KeyName = request.KeyName,
            SubnetId = request.SubnetId,
            SecurityGroupIds = request.SecurityGroupIds.Count > 0 ? [.. request.SecurityGroupIds] : null,
            ClientToken = request.ClientToken,
            TagSpecifications = request.Tags.Count == 0 ? null
                : [new TagSpecification { ResourceType = ResourceType.Instance, Tags = [.. request.Tags.Select(tag => new Tag(tag.Key, tag.Value))] }],
        };
        RunInstancesResponse answer = await WithProfileAsync(
            request.InstanceProfile,
            () => CallAsync("RunInstances", $"Image '{request.ImageId}'", request.ImageId, ec2 => ec2.RunInstancesAsync(run, cancellation), cancellation), cancellation);
        return [.. (answer.Reservation?.Instances ?? []).Select(Read)];
    }

    /// <summary>Starts an instance that is stopped.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is being started. Throws <see cref="LabException"/> (IncorrectInstanceState).</returns>
    public Task StartAsync(string id, CancellationToken cancellation = default) => CallAsync(
        "StartInstances", Subject(id), id, ec2 => ec2.StartInstancesAsync(new StartInstancesRequest { InstanceIds = [id] }, cancellation), cancellation);

    /// <summary>Stops an instance.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="hibernate">Keeps its memory on disk.</param>
    /// <param name="force">Does not wait for its operating system.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is being stopped. Throws <see cref="LabException"/>.</returns>
    public Task StopAsync(string id, bool hibernate, bool force, CancellationToken cancellation = default) => CallAsync(
        "StopInstances", Subject(id), id,
        ec2 => ec2.StopInstancesAsync(new StopInstancesRequest { InstanceIds = [id], Hibernate = hibernate ? true : null, Force = force ? true : null }, cancellation), cancellation);

    /// <summary>Terminates an instance: it and the disks that belong to it are gone.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is being terminated. Throws <see cref="LabException"/> (OperationNotPermitted).</returns>
    public Task TerminateAsync(string id, CancellationToken cancellation = default) => CallAsync(
        "TerminateInstances", Subject(id), id, ec2 => ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, cancellation), cancellation);

    /// <summary>Waits for a state.</summary>
    /// <param name="id">Id of the instance.</param>
    /// <param name="state">Running, stopped or terminated.</param>
    /// <param name="options">How long and how often to look.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The instance. Throws <see cref="LabException"/>: WaitTimeout; InstanceStateUnreachable where the state can no longer come.</returns>
    public Task<LabInstance> WaitAsync(string id, InstanceState state, WaitOptions options, CancellationToken cancellation = default)
    {
        long start = options.Clock.GetTimestamp();
        bool seen = false;
        return Waiter.WaitAsync(
            $"instance '{id}' to be {NameOf(state)}", id,
            async token =>
            {
                LabInstance instance;
                try
                {
                    instance = await GetAsync(id, token);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.NotFound && !seen && options.Clock.GetElapsedTime(start) < UntilVisible && options.Timeout > TimeSpan.Zero)
                {
                    return new Sighting<LabInstance>(false, null!, "it is not listed yet");
                }
                catch (LabException e) when (e.Kind == LabErrorKind.NotFound && seen && state == InstanceState.Terminated)
                {
                    return new Sighting<LabInstance>(true, new LabInstance { InstanceId = id, State = InstanceState.Terminated }, "it is gone");
                }

                seen = true;
                if (instance.State != state && (instance.State is InstanceState.ShuttingDown or InstanceState.Terminated && state != InstanceState.Terminated))
                {
                    throw new LabException(
                        LabErrorKind.Conflict, "InstanceStateUnreachable",
                        $"Instance '{id}' is {NameOf(instance.State)} and will not be {NameOf(state)}{(instance.StateReason is { } reason ? ": " + reason : "")}.") { Target = id };
                }

                return new Sighting<LabInstance>(instance.State == state, instance, $"it is {NameOf(instance.State)}");
            },
            options, client.Reporter, cancellation);
    }

    /// <summary>Gives an instance a role through an instance profile, in place of the one it has, or takes it away.</summary>
    /// <param name="id">Id of the instance.</param>
    /// <param name="profile">Name or ARN of the profile; null for none.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when the change is accepted. Throws <see cref="LabException"/>.</returns>
    public async Task SetProfileAsync(string id, string? profile, CancellationToken cancellation = default)
    {
        DescribeIamInstanceProfileAssociationsRequest query = new() { Filters = [new Filter("instance-id", [id]), new Filter("state", ["associating", "associated"])] };
        IamInstanceProfileAssociation? present = (await CallAsync(
                "DescribeIamInstanceProfileAssociations", Subject(id), id, ec2 => ec2.DescribeIamInstanceProfileAssociationsAsync(query, cancellation), cancellation))
            .IamInstanceProfileAssociations?.Find(association => association.InstanceId == id && association.State?.Value is null or "associating" or "associated");
        string? arn = present?.IamInstanceProfile?.Arn;
        if (profile is null ? present is null : arn is not null && (arn == profile || ProfileName(arn) == profile))
        {
            client.Reporter.Verbose($"{Subject(id)} has {(profile is null ? "no instance profile" : $"the instance profile '{profile}'")} already.");
            return;
        }

        if (profile is null)
        {
            await CallAsync(
                "DisassociateIamInstanceProfile", Subject(id), id,
                ec2 => ec2.DisassociateIamInstanceProfileAsync(new DisassociateIamInstanceProfileRequest { AssociationId = present!.AssociationId }, cancellation), cancellation);
        }
        else if (present is null)
        {
            await WithProfileAsync(profile, () => CallAsync(
                "AssociateIamInstanceProfile", Subject(id), id,
                ec2 => ec2.AssociateIamInstanceProfileAsync(new AssociateIamInstanceProfileRequest { InstanceId = id, IamInstanceProfile = Specification(profile) }, cancellation), cancellation), cancellation);
        }
        else
        {
            await WithProfileAsync(profile, () => CallAsync(
                "ReplaceIamInstanceProfileAssociation", Subject(id), id,
                ec2 => ec2.ReplaceIamInstanceProfileAssociationAsync(
                    new ReplaceIamInstanceProfileAssociationRequest { AssociationId = present.AssociationId, IamInstanceProfile = Specification(profile) }, cancellation), cancellation), cancellation);
        }
    }

    /// <summary>What can be named when instances are started.</summary>
    /// <param name="kind">Parameter: <c>KeyName</c>, <c>SubnetId</c>, <c>SecurityGroupId</c>, <c>ImageId</c>, <c>InstanceType</c>.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Names or ids, and a few words about each.</returns>
    public async Task<IReadOnlyList<(string Name, string About)>> ChoicesAsync(string kind, CancellationToken cancellation = default)
    {
        switch (kind)
        {
            case "KeyName":
                return [.. ((await CallAsync("DescribeKeyPairs", "Key pairs", null, ec2 => ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest(), cancellation), cancellation))
                    .KeyPairs ?? []).Select(key => (key.KeyName, key.KeyType?.Value ?? ""))];
            case "SubnetId":
                return [.. ((await CallAsync("DescribeSubnets", "Subnets", null, ec2 => ec2.DescribeSubnetsAsync(new DescribeSubnetsRequest(), cancellation), cancellation))
                    .Subnets ?? []).Select(subnet => (subnet.SubnetId, $"{subnet.CidrBlock} {subnet.AvailabilityZone}"))];
            case "SecurityGroupId":
                return [.. ((await CallAsync("DescribeSecurityGroups", "Security groups", null, ec2 => ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest(), cancellation), cancellation))
                    .SecurityGroups ?? []).Select(group => (group.GroupId, $"{group.GroupName} {group.Description}"))];
            case "ImageId":
                return [.. ((await CallAsync("DescribeImages", "Images", null, ec2 => ec2.DescribeImagesAsync(new DescribeImagesRequest { Owners = ["self"] }, cancellation), cancellation))
                    .Images ?? []).Select(image => (image.ImageId, image.Name ?? ""))];
            default:
                // Those that the SDK knows: the service's own list takes many pages.
                return [.. typeof(InstanceType).GetFields().Select(field => field.GetValue(null)).OfType<InstanceType>().Select(type => (type.Value, ""))
                    .OrderBy(type => type.Value, StringComparer.Ordinal)];
        }
    }

    private static string Subject(string id) => $"Instance '{id}'";

    private static string NameOf(InstanceState state) => state == InstanceState.ShuttingDown ? "shutting-down" : state.ToString().ToLowerInvariant();

    private static string ProfileName(string arn) => arn[(arn.LastIndexOf('/') + 1)..];

    private static IamInstanceProfileSpecification? Specification(string? profile) => profile is null ? null
        : profile.StartsWith("arn:", StringComparison.Ordinal) ? new IamInstanceProfileSpecification { Arn = profile }
        : new IamInstanceProfileSpecification { Name = profile };

    private static LabInstance Read(Instance instance)
    {
        Dictionary<string, string> tags = (instance.Tags ?? []).ToDictionary(tag => tag.Key, tag => tag.Value ?? "", StringComparer.Ordinal);
        return new LabInstance
        {
            InstanceId = instance.InstanceId,
            Name = tags.GetValueOrDefault("Name"),
            State = instance.State?.Name?.Value switch
            {
                "running" => InstanceState.Running,
                "stopping" => InstanceState.Stopping,
                "stopped" => InstanceState.Stopped,
                "shutting-down" => InstanceState.ShuttingDown,
                "terminated" => InstanceState.Terminated,
                _ => InstanceState.Pending,
            },
            StateReason = Text(instance.StateReason?.Message) ?? Text(instance.StateTransitionReason),
            InstanceType = instance.InstanceType?.Value,
            ImageId = instance.ImageId,
            InstanceProfile = instance.IamInstanceProfile?.Arn is { } arn ? ProfileName(arn) : null,
            PrivateIpAddress = Text(instance.PrivateIpAddress),
            PublicIpAddress = Text(instance.PublicIpAddress),
            PublicDnsName = Text(instance.PublicDnsName),
            AvailabilityZone = instance.Placement?.AvailabilityZone,
            SubnetId = instance.SubnetId,
            VpcId = instance.VpcId,
            SecurityGroups = [.. (instance.SecurityGroups ?? []).Select(group => group.GroupName ?? group.GroupId)],
            KeyName = Text(instance.KeyName),
            LaunchTime = instance.LaunchTime is { } time ? new DateTimeOffset(time.ToUniversalTime()) : null,
            Tags = tags,
        };

        static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
    }

    // Sent again with the same token until EC2 has heard of a profile that IAM has.
    private async Task<T> WithProfileAsync<T>(string? profile, Func<Task<T>> send, CancellationToken cancellation)
        where T : class
    {
        if (profile is null)
        {
            return await send();
        }

        LabException? refusal = null;
        try
        {
            return await Waiter.WaitAsync<T>(
                $"EC2 to accept instance profile '{profile}'", profile,
                async token =>
                {
                    try
                    {
                        return new Sighting<T>(true, await send(), "it is accepted");
                    }
                    catch (LabException e) when (e.Code == "InvalidParameterValue" && e.Message.Contains("IAM Instance Profile", StringComparison.OrdinalIgnoreCase))
                    {
                        // One that does not exist never will be; the error of IAM says so.
                        if (refusal is null)
                        {
                            refusal = e;
                            await FindProfileAsync(ProfileName(profile), token);
                        }

                        return new Sighting<T>(false, null!, e.Message);
                    }
                },
                ForProfile, client.Reporter, cancellation);
        }
        catch (LabException e) when (e.Code == "WaitTimeout" && refusal is not null)
        {
            throw refusal;
        }
    }

    private async Task FindProfileAsync(string name, CancellationToken cancellation)
    {
        try
        {
            await client.IamAsync("GetInstanceProfile", $"Instance profile '{name}'", name, cancellation, ("InstanceProfileName", name));
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"The caller cannot look instance profile '{name}' up; it may be new.");
        }
    }

    private Task<T> CallAsync<T>(string action, string subject, object? target, Func<Ec2Client, Task<T>> call, CancellationToken cancellation)
    {
        client.Reporter.Verbose($"EC2 {action}: {subject}");
        return client.CallAsync(
            "EC2", subject, target, () => call(Clients.GetValue(client.Session.Aws, static connection => new Ec2Client(connection))), cancellation);
    }
}
