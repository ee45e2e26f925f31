using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Policies are enforced on S3: what an identity may, what a bucket says, and what is told of the rest.</summary>
[Trait("Area", "Emulator")]
public sealed class S3AuthorizationTests : S3Tests
{
    private const string Reader = """
        {"Version":"2012-10-17","Statement":[
          {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/data/*"},
          {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::movies","Condition":{"StringLike":{"s3:prefix":"data/*"}}},
          {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::movies/data/secret*"}]}
        """;

    [Fact]
    public async Task A_role_session_may_what_its_policy_says_and_no_more()
    {
        await PutAsync("data/users.json");
        await PutAsync("data/secret.json");
        await PutAsync("other.json");
        using IAmazonS3 reader = Client(Emulator.Info, await AssumeAsync(Reader));

        using (GetObjectResponse got = await reader.GetObjectAsync(Bucket, "data/users.json", Cancel))
        {
            Assert.Equal(5, got.ContentLength);
        }

        Assert.Equal(2, (await reader.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, Prefix = "data/" }, Cancel)).KeyCount);
        AmazonS3Exception write = await FailsAsync("AccessDenied", () => reader.PutObjectAsync(
            new PutObjectRequest { BucketName = Bucket, Key = "data/users.json", ContentBody = "x" }, Cancel));
        Assert.Equal(
            $"User: arn:aws:sts::{Emulator.Info.AccountId}:assumed-role/reader/test is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::movies/data/users.json\" because no identity-based policy allows the s3:PutObject action",
            write.Message);
        AmazonS3Exception denied = await FailsAsync("AccessDenied", () => reader.GetObjectAsync(Bucket, "data/secret.json", Cancel));
        Assert.Contains("with an explicit deny in an identity-based policy", denied.Message, StringComparison.Ordinal);
        await FailsAsync("AccessDenied", () => reader.GetObjectAsync(Bucket, "other.json", Cancel));
        await FailsAsync("AccessDenied", () => reader.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket }, Cancel));
        await FailsAsync("AccessDenied", () => reader.ListBucketsAsync(Cancel));
        await FailsAsync("AccessDenied", () => reader.DeleteObjectAsync(Bucket, "data/users.json", Cancel));
        await FailsAsync("AccessDenied", () => reader.CopyObjectAsync(Bucket, "data/users.json", Bucket, "data/copy", Cancel));
        await FailsAsync("AccessDenied", () => reader.InitiateMultipartUploadAsync(Bucket, "data/big", Cancel));
        Assert.Equal("hello", await GetAsync("data/users.json"));

        // Who may not list is not told what is missing.
        await FailsAsync("AccessDenied", () => reader.GetObjectAsync(Bucket, "data/none", Cancel));

        // A batch reports each key.
        DeleteObjectsException batch = await Assert.ThrowsAsync<DeleteObjectsException>(() => reader.DeleteObjectsAsync(
            new DeleteObjectsRequest { BucketName = Bucket, Objects = [new KeyVersion { Key = "data/users.json" }] }, Cancel));
        Assert.Equal("AccessDenied", Assert.Single(batch.Response.DeleteErrors).Code);
    }

    [Fact]
    public async Task A_bucket_policy_opens_to_everybody()
    {
        await PutAsync("public/a");
        await PutAsync("private/a");
        await S3.PutBucketPolicyAsync(
            Bucket,
            """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/public/*"}}""",
            Cancel);
        using HttpClient client = new();
        Assert.Equal("hello", await client.GetStringAsync(new Uri(Emulator.Info.EndpointUrl, "/movies/public/a"), Cancel));
        using HttpResponseMessage refused = await client.GetAsync(new Uri(Emulator.Info.EndpointUrl, "/movies/private/a"), Cancel);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task Versions_and_locks_have_actions_of_their_own()
    {
        await S3.PutBucketAsync(new PutBucketRequest { BucketName = "locked", ObjectLockEnabledForBucket = true }, Cancel);
        PutObjectRequest put = new() { BucketName = "locked", Key = "k", ContentBody = "hello", ObjectLockMode = ObjectLockMode.Governance, ObjectLockRetainUntilDate = DateTime.UtcNow.AddHours(1) };
        string version = (await S3.PutObjectAsync(put, Cancel)).VersionId;
        using IAmazonS3 reader = Client(Emulator.Info, await AssumeAsync(
            """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject","s3:DeleteObjectVersion"],"Resource":"arn:aws:s3:::locked/*"}}"""));
        using (await reader.GetObjectAsync("locked", "k", Cancel))
        {
            AmazonS3Exception refused = await FailsAsync("AccessDenied", () => reader.GetObjectAsync("locked", "k", version, Cancel));
            Assert.Contains("s3:GetObjectVersion", refused.Message, StringComparison.Ordinal);
        }

        await FailsAsync("AccessDenied", () => reader.PutObjectAsync(put, Cancel));
        DeleteObjectRequest delete = new() { BucketName = "locked", Key = "k", VersionId = version, BypassGovernanceRetention = true };
        Assert.Contains("s3:BypassGovernanceRetention", (await FailsAsync("AccessDenied", () => reader.DeleteObjectAsync(delete, Cancel))).Message, StringComparison.Ordinal);
        string marker = (await reader.DeleteObjectAsync("locked", "k", Cancel)).VersionId;
        await reader.DeleteObjectAsync("locked", "k", marker, Cancel);
        await S3.DeleteObjectAsync(delete, Cancel);
    }

    [Fact]
    public async Task A_token_that_is_over_is_refused()
    {
        AdjustableClock clock = new();
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions { Clock = clock });
        SessionAWSCredentials keys = await AssumeAsync(Reader, emulator);
        ImmutableCredentials immutable = await keys.GetCredentialsAsync();
        clock.Offset = TimeSpan.FromHours(2);
        S3Signer signer = new(emulator.Info, DateTimeOffset.UtcNow + clock.Offset)
        {
            AccessKey = immutable.AccessKey, SecretKey = immutable.SecretKey, Token = immutable.Token,
        };
        RawAnswer answer = await RawHttp.SendAsync(emulator.Info.EndpointUrl, signer.Head("GET", "/movies?list-type=2", S3Signer.Hash([])) + "\r\n");
        Assert.Equal((400, "ExpiredToken"), (answer.Status, answer.Code));
    }

    private async Task<SessionAWSCredentials> AssumeAsync(string policy, LabEmulator? where = null)
    {
        LabEmulator emulator = where ?? Emulator;
        IdentityClient iam = new(LabSession.Resolve(emulator.Info.GetSessionOptions(), "test"));
        const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}""";
        await iam.IamAsync("CreateRole", "reader", null, Cancel, ("RoleName", "reader"), ("AssumeRolePolicyDocument", Trust));
        await iam.IamAsync("PutRolePolicy", "reader", null, Cancel, ("RoleName", "reader"), ("PolicyName", "p"), ("PolicyDocument", policy));

        // Root may not assume a role: a user of the account does.
        await iam.IamAsync("CreateUser", "ann", null, Cancel, ("UserName", "ann"));
        await iam.IamAsync(
            "PutUserPolicy", "ann", null, Cancel, ("UserName", "ann"), ("PolicyName", "p"),
            ("PolicyDocument", """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"""));
        System.Xml.Linq.XElement key = (await iam.IamAsync("CreateAccessKey", "ann", null, Cancel, ("UserName", "ann"))).Element("AccessKey")!;
        using AmazonSecurityTokenServiceClient sts = new(
            key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value,
            new AmazonSecurityTokenServiceConfig { ServiceURL = emulator.Info.EndpointUrl.AbsoluteUri, AuthenticationRegion = "us-east-1" });
        Credentials session = (await sts.AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = $"arn:aws:iam::{emulator.Info.AccountId}:role/reader", RoleSessionName = "test" }, Cancel)).Credentials;
        return new SessionAWSCredentials(session.AccessKeyId, session.SecretAccessKey, session.SessionToken);
    }

    private sealed class AdjustableClock : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }
}
