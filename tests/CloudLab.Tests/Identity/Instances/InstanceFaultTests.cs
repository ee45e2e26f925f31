using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.Instances;
using Xunit;

namespace CloudLab.Tests.Identity.Instances;

/// <summary>EC2 that answers late, twice, or not as it should.</summary>
[Trait("Area", "Identity")]
public sealed class InstanceFaultTests
{
    private const string NotKnown = "Value (fresh) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";
    private static readonly NewInstances Request = new() { ImageId = "ami-1", InstanceProfile = "fresh", ClientToken = "token-1", Tags = new Dictionary<string, string> { ["Name"] = "web" } };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lost_answer_starts_nothing_twice()
    {
        await using FakeServer server = new((500, Error("InternalError", "An internal error has occurred")), (200, Ran));
        LabInstance instance = Assert.Single(await new InstanceStore(server.Client).RunAsync(Request with { InstanceProfile = null, UserData = "#!/bin/sh\n", Count = 1 }, Cancellation));
        Assert.Equal(("i-1", InstanceState.Pending, "web"), (instance.InstanceId, instance.State, instance.Name));
        Assert.Equal(2, server.Forms.Count);
        Assert.All(server.Forms, form => Assert.Contains("ClientToken=token-1", form, StringComparison.Ordinal));
        Assert.Contains("UserData=" + Uri.EscapeDataString(Convert.ToBase64String("#!/bin/sh\n"u8)), server.Forms[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fresh_instance_profile_is_waited_for()
    {
        await using FakeServer server = new(
            (400, Error("InvalidParameterValue", NotKnown)), (200, FakeServer.Ok("GetInstanceProfile", "<InstanceProfile/>")), (400, Error("InvalidParameterValue", NotKnown)), (200, Ran));
        Assert.Single(await new InstanceStore(server.Client).RunAsync(Request, Cancellation));
        Assert.Equal(["RunInstances", "GetInstanceProfile", "RunInstances", "RunInstances"], server.Actions);
        Assert.Contains("IamInstanceProfile.Name=fresh", server.Forms[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_profile_that_does_not_exist_is_not_waited_for()
    {
        await using FakeServer server = new(
            (400, Error("InvalidParameterValue", NotKnown)), (404, FakeServer.Error("NoSuchEntity", "Instance Profile fresh cannot be found.")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => new InstanceStore(server.Client).RunAsync(Request, Cancellation));
        Assert.Equal(("NoSuchEntity", 2), (error.Code, server.Actions.Count));
    }

    [Fact]
    public async Task Another_wrong_parameter_is_refused_at_once()
    {
        await using FakeServer server = new((400, Error("InvalidParameterValue", "Invalid value 'x' for InstanceType.")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => new InstanceStore(server.Client).RunAsync(Request, Cancellation));
        Assert.Equal((LabErrorKind.InvalidData, "InvalidParameterValue"), (error.Kind, error.Code));
        Assert.Single(server.Actions);
        Assert.Equal("UserDataTooLarge", (await Assert.ThrowsAsync<LabException>(() => new InstanceStore(server.Client).RunAsync(Request with { UserData = new string('x', 20_000) }, Cancellation))).Code);
    }

    [Fact]
    public async Task An_instance_that_is_terminated_will_not_run()
    {
        await using FakeServer server = new(
            (400, Error("InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist")),
            (200, Described("pending", "")), (200, Described("terminated", "<stateReason><code>x</code><message>Server.InsufficientInstanceCapacity</message></stateReason>")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => new InstanceStore(server.Client).WaitAsync("i-1", InstanceState.Running, new WaitOptions(), Cancellation));
        Assert.Equal("InstanceStateUnreachable", error.Code);
        Assert.Contains("Server.InsufficientInstanceCapacity", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, server.Actions.Count);
    }

    [Fact]
    public async Task A_wait_that_is_over_says_what_was_seen_last()
    {
        await using FakeServer server = new((200, Described("stopping", "")));
        LabException error = await Assert.ThrowsAsync<LabException>(
            () => new InstanceStore(server.Client).WaitAsync("i-1", InstanceState.Stopped, new WaitOptions { Timeout = TimeSpan.Zero }, Cancellation));
        Assert.Equal("WaitTimeout", error.Code);
        Assert.Contains("instance 'i-1' to be stopped. Last seen: it is stopping", error.Message, StringComparison.Ordinal);
    }

    private const string Ran = """
        <RunInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><reservationId>r-1</reservationId><instancesSet><item><instanceId>i-1</instanceId>
        <instanceState><code>0</code><name>pending</name></instanceState><tagSet><item><key>Name</key><value>web</value></item></tagSet></item></instancesSet></RunInstancesResponse>
        """;

    private static string Described(string state, string more) => $"""
        <DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><reservationSet><item><reservationId>r-1</reservationId><instancesSet><item><instanceId>i-1</instanceId>
        <instanceState><code>0</code><name>{state}</name></instanceState>{more}</item></instancesSet></item></reservationSet></DescribeInstancesResponse>
        """;

    private static string Error(string code, string message) =>
        $"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>r</RequestID></Response>";
}
