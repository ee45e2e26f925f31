using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using Xunit;

namespace CloudLab.Tests.Identity.Principals;

/// <summary>A principal that was created a moment ago is waited for; one that does not exist is not.</summary>
[Trait("Area", "Identity")]
public sealed class NewPrincipalTests
{
    private static readonly (int, string) Refused = (400, FakeServer.Error("MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:role/new\""));

    private static readonly NewRole Wanted = new() { Name = "r", TrustPolicy = PolicyStatements.Trust(["arn:aws:iam::123456789012:role/lab/new"]) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_role_in_a_trust_policy_is_waited_for()
    {
        await using FakeServer server = new(Refused, Found(DateTimeOffset.UtcNow), (200, FakeServer.Ok("CreateRole", Role("r", DateTimeOffset.UtcNow))));
        Assert.Equal("r", (await new RoleStore(server.Client).CreateAsync(Wanted, Cancellation)).Name);
        Assert.Equal(["CreateRole", "GetRole", "CreateRole"], server.Actions);
    }

    [Fact]
    public async Task An_old_role_that_is_refused_is_an_error_at_once()
    {
        await using FakeServer server = new(Refused, Found(DateTimeOffset.UtcNow.AddDays(-1)));
        Assert.Equal("MalformedPolicyDocument", (await Assert.ThrowsAsync<LabException>(() => new RoleStore(server.Client).CreateAsync(Wanted, Cancellation))).Code);
        Assert.Equal(["CreateRole", "GetRole"], server.Actions);
    }

    [Fact]
    public async Task A_role_that_does_not_exist_is_an_error_at_once()
    {
        await using FakeServer server = new(Refused, (404, FakeServer.Error("NoSuchEntity", "x")));
        Assert.Equal("MalformedPolicyDocument", (await Assert.ThrowsAsync<LabException>(() => new RoleStore(server.Client).CreateAsync(Wanted, Cancellation))).Code);
    }

    private static (int, string) Found(DateTimeOffset created) => (200, FakeServer.Ok("GetRole", Role("new", created)));

    private static string Role(string name, DateTimeOffset created) =>
        $"<Role><RoleName>{name}</RoleName><Arn>arn:aws:iam::1:role/{name}</Arn><RoleId>AROA1</RoleId><Path>/</Path><CreateDate>{created.ToString("O", CultureInfo.InvariantCulture)}</CreateDate></Role>";
}
