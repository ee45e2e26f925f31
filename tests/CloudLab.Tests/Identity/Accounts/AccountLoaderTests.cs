using System.Diagnostics;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Review;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Identity.Accounts;

/// <summary>The live account: with one call where the service has it, else with listings.</summary>
[Trait("Area", "Identity")]
public sealed class AccountLoaderTests
{
    private const string Pass = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}]}""";
    private const string Launch = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:RunInstances","Resource":"*"}]}""";
    private const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}""";

    private readonly string name = "review-" + Guid.NewGuid().ToString("N")[..10];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Roles_of_the_emulator_are_reviewed()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(null, Cancellation);
        await CheckRoleAsync(Session(emulator.Info.GetSessionOptions()));
    }

    [Fact]
    [Trait("Server", "s3")]
    public async Task Roles_of_a_service_without_the_one_call_are_reviewed()
    {
        (Uri url, AwsKeys keys) = TestServers.Ceph();
        // radosgw knows few actions, and refuses policies with others.
        await CheckRoleAsync(Session(new SessionOptions { EndpointUrl = url, Keys = keys }), "s3:*", "WildcardService");
    }

    [Fact]
    [Trait("Server", "moto")]
    public async Task Groups_managed_policies_and_boundaries_come_with_the_user()
    {
        IdentityClient client = new(Moto());
        string group = name + "-g", limit = "";
        try
        {
            await Iam("CreateUser", ("UserName", name));
            await Iam("PutUserPolicy", ("UserName", name), ("PolicyName", "pass+one"), ("PolicyDocument", Pass));
            await Iam("CreateGroup", ("GroupName", group));
            await Iam("AddUserToGroup", ("GroupName", group), ("UserName", name));
            limit = (await Iam("CreatePolicy", ("PolicyName", name), ("PolicyDocument", Launch))).Element("Policy")!.Element("Arn")!.Value;
            await Iam("AttachGroupPolicy", ("GroupName", group), ("PolicyArn", limit));
            AccountSnapshot live = await new AccountLoader(client).LoadAsync(Cancellation);
            AccountPrincipal user = live.Principals.Single(principal => principal.Name == name);
            Assert.Equal(["inline policy 'pass+one'", limit], user.AllPolicies().Select(policy => policy.Name));
            Assert.Contains(PolicyReview.Review(live), finding => finding.Principal == user.Arn && finding.Id == "PrivilegeEscalation" && finding.Why.Contains("ec2:RunInstances", StringComparison.Ordinal));
        }
        finally
        {
            await Iam("DetachGroupPolicy", ("GroupName", group), ("PolicyArn", limit));
            await Iam("DeletePolicy", ("PolicyArn", limit));
            await Iam("RemoveUserFromGroup", ("GroupName", group), ("UserName", name));
            await Iam("DeleteGroup", ("GroupName", group));
            await Iam("DeleteUserPolicy", ("UserName", name), ("PolicyName", "pass+one"));
            await Iam("DeleteUser", ("UserName", name));
        }

        Task<System.Xml.Linq.XElement> Iam(string action, params (string, string?)[] parameters) => client.IamAsync(action, name, null, CancellationToken.None, parameters);
    }

    [Fact]
    [Trait("Server", "moto")]
    public async Task What_the_AWS_CLI_saves_is_the_same_account()
    {
        IdentityClient client = new(Moto());
        await client.IamAsync("CreateRole", name, null, Cancellation, ("RoleName", name), ("AssumeRolePolicyDocument", Trust));
        try
        {
            await client.IamAsync("PutRolePolicy", name, null, Cancellation, ("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", Pass));
            ProcessStartInfo aws = new(TestServers.AwsCli(), ["--endpoint-url", TestServers.Moto().ToString(), "iam", "get-account-authorization-details", "--output", "json"]);
            aws.Environment["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE";
            aws.Environment["AWS_SECRET_ACCESS_KEY"] = "test";
            aws.Environment["AWS_DEFAULT_REGION"] = "us-east-1";
            string file = Path.Combine(TestEnvironment.Folder, name + ".json");
            await File.WriteAllTextAsync(file, await ForeignProcess.OutputAsync(aws), Cancellation);
            LabPolicyFinding[] saved = [.. PolicyReview.Review(await AccountFile.ReadAsync([file], Cancellation)).Where(finding => finding.Principal.EndsWith(name, StringComparison.Ordinal))];
            LabPolicyFinding[] live = [.. PolicyReview.Review(await new AccountLoader(client).LoadAsync(Cancellation)).Where(finding => finding.Principal.EndsWith(name, StringComparison.Ordinal))];
            Assert.Contains(saved, finding => finding.Id == "PublicPrincipal");
            Assert.Equal(live.Select(finding => finding.Fingerprint), saved.Select(finding => finding.Fingerprint));
        }
        finally
        {
            await new RoleStore(client).RemoveAsync(name, force: true, CancellationToken.None);
        }
    }

    private static LabSession Moto() => Session(new SessionOptions { EndpointUrl = TestServers.Moto(), Keys = new AwsKeys("AKIAIOSFODNN7EXAMPLE", "test") });

    private static LabSession Session(SessionOptions options) => LabSession.Resolve(options, "test", null, new LabEnvironment(_ => null, TestEnvironment.Folder));

    private async Task CheckRoleAsync(LabSession session, string action = "iam:PassRole", string finding = "PassRoleAny")
    {
        RoleStore roles = new(new IdentityClient(session));
        await roles.CreateAsync(new NewRole { Name = name, TrustPolicy = PolicyDocument.Parse(Trust), Policy = PolicyDocument.Parse(Pass.Replace("iam:PassRole", action, StringComparison.Ordinal)), PolicyName = "pass" }, Cancellation);
        try
        {
            LabPolicyFinding[] found = [.. (await CmdletRunner.RunAsync("Measure-LabPolicy", new { Session = session, Principal = name })).Ok().OutputOf<LabPolicyFinding>()];
            Assert.Contains(found, one => one.Id == "PublicPrincipal" && one.Policy == "trust policy");
            Assert.Contains(found, one => one.Id == finding && one.Policy == "inline policy 'pass'");
            Assert.All(found, one => Assert.EndsWith(name, one.Principal, StringComparison.Ordinal));
            Assert.Contains(
                (await CmdletRunner.RunAsync("Find-LabPrincipal", new { Session = session, Action = action == "s3:*" ? "s3:GetObject" : action })).Ok().OutputOf<LabPrincipalAccess>(),
                access => access.Principal.EndsWith(name, StringComparison.Ordinal) && access.Via.Count == 0);
        }
        finally
        {
            await roles.RemoveAsync(name, force: true, CancellationToken.None);
        }
    }
}
