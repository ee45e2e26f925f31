using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CloudLab.Core.Identity.Instances;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using Xunit;

namespace CloudLab.Tests.Identity.Instances;

/// <summary>The cmdlets for EC2 instances, on moto.</summary>
[Trait("Area", "Identity")]
[Trait("Server", "moto")]
public sealed class InstanceTests : IAsyncLifetime
{
    private const string Image = "ami-12c6146b";
    private readonly string name = "lab-" + Guid.NewGuid().ToString("N")[..12];
    private Runspace runspace = null!;
    private LabSession session = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        session = LabSession.Resolve(
            new SessionOptions { EndpointUrl = TestServers.Moto(), Keys = new AwsKeys("test", "test"), Region = "eu-west-2" }, "test", null, new LabEnvironment(_ => null, TestEnvironment.Folder));
        runspace = TestRunspaces.Rent();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (runspace is not null)
        {
            await RunAsync("Remove-LabInstance", new() { ["InstanceId"] = name + "*", ["Force"] = true });
            TestRunspaces.Return(runspace);
        }
    }

    [Fact]
    public async Task Instances_are_started_found_stopped_started_again_and_removed()
    {
        CmdletResult started = (await RunAsync("Start-LabInstance", new()
        {
            ["ImageId"] = Image, ["InstanceType"] = "t3.micro", ["Count"] = 2, ["Name"] = name + "-web", ["Tag"] = new Hashtable { ["team"] = name }, ["UserData"] = "#!/bin/sh",
        })).Ok();
        LabInstance[] two = started.OutputOf<LabInstance>();
        Assert.Equal(2, two.Length);
        Assert.All(two, instance => Assert.Equal((name + "-web", "t3.micro", Image, name), (instance.Name, instance.InstanceType, instance.ImageId, instance.Tags["team"])));
        LabInstance[] running = (await RunAsync("Wait-LabInstance", [], two)).Ok().OutputOf<LabInstance>();
        Assert.All(running, instance => Assert.Equal(InstanceState.Running, instance.State));

        // By wildcard on the name, in another case; by tag and state; by id.
        Assert.Equal(2, (await RunAsync("Get-LabInstance", new() { ["InstanceId"] = name.ToUpperInvariant() + "-w*" })).Ok().Output.Count);
        Assert.Equal(2, (await RunAsync("Get-LabInstance", new() { ["Tag"] = new Hashtable { ["team"] = name }, ["State"] = "Running" })).Ok().Output.Count);
        Assert.Equal(two[0].InstanceId, (await RunAsync("Get-LabInstance", [], [two[0].InstanceId])).Ok().OutputOf<LabInstance>().Single().InstanceId);

        (await RunAsync("Stop-LabInstance", new() { ["InstanceId"] = two[0].InstanceId, ["WhatIf"] = true })).Ok();
        CmdletResult stopped = (await RunAsync("Stop-LabInstance", new() { ["PassThru"] = true }, [two[0]])).Ok();
        LabInstance one = (await RunAsync("Wait-LabInstance", new() { ["State"] = "Stopped" }, stopped.Output)).Ok().OutputOf<LabInstance>().Single();
        Assert.Equal((two[0].InstanceId, InstanceState.Stopped), (one.InstanceId, one.State));
        Assert.Equal(InstanceState.Running, (await RunAsync("Get-LabInstance", new() { ["InstanceId"] = two[1].InstanceId })).Ok().OutputOf<LabInstance>().Single().State);
        (await RunAsync("Start-LabInstance", [], [one])).Ok();
        (await RunAsync("Wait-LabInstance", [], [one])).Ok();

        // A wildcard in a remove asks for each, by its name.
        CmdletResult asked = await CmdletRunner.RunAsync(
            "Remove-LabInstance", new { InstanceId = name + "*", Session = session }, answer: ConfirmAnswer.No, runspace: runspace);
        Assert.Equal(2, asked.Ok().Questions.Count);
        Assert.All(asked.Questions, question => Assert.Contains($"({name}-web)", question, StringComparison.Ordinal));
        CmdletResult removed = (await RunAsync("Remove-LabInstance", new() { ["InstanceId"] = name + "-web", ["Force"] = true, ["PassThru"] = true })).Ok();
        Assert.Equal(2, (await RunAsync("Wait-LabInstance", new() { ["State"] = "Terminated" }, removed.Output)).Ok().Output.Count);
        ErrorRecord gone = Assert.Single((await RunAsync("Stop-LabInstance", new() { ["InstanceId"] = name + "-web" })).Errors);
        Assert.StartsWith("InstanceNotFound", gone.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_comes_to_an_instance_with_its_profile_is_replaced_and_taken_away()
    {
        IdentityClient iam = new(session);
        await new RoleStore(iam).CreateAsync(new NewRole { Name = name, TrustPolicy = PolicyStatements.Trust(["ec2.amazonaws.com"]) }, Cancellation);
        string[] profiles = [name + "-1", name + "-2"];
        foreach (string profile in profiles)
        {
            await iam.IamAsync("CreateInstanceProfile", "x", null, Cancellation, ("InstanceProfileName", profile));
            await iam.IamAsync("AddRoleToInstanceProfile", "x", null, Cancellation, ("InstanceProfileName", profile), ("RoleName", name));
        }

        try
        {
            LabInstance instance = (await RunAsync("Start-LabInstance", new() { ["ImageId"] = Image, ["Name"] = name + "-role", ["InstanceProfile"] = profiles[0] })).Ok().OutputOf<LabInstance>().Single();
            Assert.Equal(profiles[0], (await RunAsync("Get-LabInstance", new() { ["InstanceId"] = instance.InstanceId })).Ok().OutputOf<LabInstance>().Single().InstanceProfile);

            // moto's instances do not tell what became of their profile, but its associations do: what is set already is not set again.
            Assert.True(await IsSetAsync(profiles[0]));
            Assert.False(await IsSetAsync(profiles[1]));
            Assert.True(await IsSetAsync(profiles[1]));
            Assert.False(await IsSetAsync(null));
            Assert.True(await IsSetAsync(null));
            Assert.False(await IsSetAsync(profiles[0]));

            async Task<bool> IsSetAsync(string? profile)
            {
                Hashtable parameters = new() { ["InstanceId"] = name + "-role" };
                parameters[profile is null ? "NoInstanceProfile" : "InstanceProfile"] = profile ?? (object)true;
                return (await RunAsync("Set-LabInstance", parameters)).Ok().Verbose.Any(line => line.EndsWith(" already.", StringComparison.Ordinal));
            }
        }
        finally
        {
            await new RoleStore(iam).RemoveAsync(name, force: true, CancellationToken.None);
            foreach (string profile in profiles)
            {
                await iam.IamAsync("DeleteInstanceProfile", "x", null, CancellationToken.None, ("InstanceProfileName", profile));
            }
        }
    }

    [Fact]
    public async Task One_instance_that_is_not_there_is_one_error()
    {
        string id = (await RunAsync("Start-LabInstance", new() { ["ImageId"] = Image, ["Name"] = name + "-a" })).Ok().OutputOf<LabInstance>().Single().InstanceId;
        CmdletResult got = await RunAsync("Get-LabInstance", [], ["i-0123456789abcdef0", id, name + "-none"]);
        Assert.Equal(id, got.OutputOf<LabInstance>().Single().InstanceId);
        Assert.Equal(["InvalidInstanceID.NotFound", "InstanceNotFound"], got.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.All(got.Errors, error => Assert.Contains("Get-LabInstance", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal));
    }

    private Task<CmdletResult> RunAsync(string cmdlet, Hashtable parameters, IEnumerable<object?>? input = null)
    {
        parameters["Session"] = session;
        return CmdletRunner.RunAsync(cmdlet, parameters, input, runspace: runspace);
    }
}
