using System.Net;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Settings of buckets: checked, kept, given back, with S3's own word for what is not there; CORS and lifecycle with effect.</summary>
[Trait("Area", "Emulator")]
public sealed class S3SettingTests : S3Tests
{
    [Theory]
    [InlineData("cors", "NoSuchCORSConfiguration")]
    [InlineData("lifecycle", "NoSuchLifecycleConfiguration")]
    [InlineData("policy", "NoSuchBucketPolicy")]
    [InlineData("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration")]
    [InlineData("replication", "ReplicationConfigurationNotFoundError")]
    [InlineData("tagging", "NoSuchTagSet")]
    [InlineData("website", "NoSuchWebsiteConfiguration")]
    [InlineData("object-lock", "ObjectLockConfigurationNotFoundError")]
    public async Task What_was_not_put_has_its_own_error(string setting, string code)
    {
        RawAnswer answer = await SendAsync("GET", $"/movies?{setting}");
        Assert.Equal((404, code), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("accelerate", "<AccelerateConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></AccelerateConfiguration>")]
    [InlineData("logging", "<BucketLoggingStatus xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></BucketLoggingStatus>")]
    [InlineData("versioning", "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></VersioningConfiguration>")]
    [InlineData("requestPayment", "<Payer>BucketOwner</Payer>")]
    [InlineData("ownershipControls", "<ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>")]
    [InlineData("encryption", "<SSEAlgorithm>AES256</SSEAlgorithm>")]
    public async Task What_has_a_default_gives_it(string setting, string content)
    {
        RawAnswer answer = await SendAsync("GET", $"/movies?{setting}");
        Assert.Equal(200, answer.Status);
        Assert.Contains(content, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("accelerate", "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>", "", "MethodNotAllowed")]
    [InlineData("cors", "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>", "", "NoSuchCORSConfiguration")]
    [InlineData("encryption", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>", "<BucketKeyEnabled>false</BucketKeyEnabled>", "")]
    [InlineData("lifecycle", "<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter><Prefix>a</Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>", "<ID>", "NoSuchLifecycleConfiguration")]
    [InlineData("ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>", "", "OwnershipControlsNotFoundError")]
    [InlineData("publicAccessBlock", "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>", "<RestrictPublicBuckets>false</RestrictPublicBuckets>", "NoSuchPublicAccessBlockConfiguration")]
    [InlineData("requestPayment", "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>", "", "MethodNotAllowed")]
    [InlineData("tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", "", "NoSuchTagSet")]
    [InlineData("website", "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>e</Key></ErrorDocument></WebsiteConfiguration>", "", "NoSuchWebsiteConfiguration")]
    public async Task What_is_put_comes_back_in_the_services_namespace_and_goes(string setting, string document, string added, string gone)
    {
        Assert.InRange((await PutSettingAsync(setting, document)).Status, 200, 204);
        string inside = document[(document.IndexOf('>', StringComparison.Ordinal) + 1)..document.LastIndexOf('<')];
        string kept = (await SendAsync("GET", $"/movies?{setting}")).Text;
        Assert.Contains("xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"", kept, StringComparison.Ordinal);
        Assert.Contains(added, kept, StringComparison.Ordinal);
        if (added.Length == 0)
        {
            Assert.Contains(inside, kept, StringComparison.Ordinal);
        }

        RawAnswer deleted = await SendAsync("DELETE", $"/movies?{setting}");
        Assert.Equal(gone == "MethodNotAllowed" ? 405 : 204, deleted.Status);
        Assert.Equal(gone, gone == "MethodNotAllowed" ? deleted.Code : (await SendAsync("GET", $"/movies?{setting}")).Code);
    }

    [Theory]
    [InlineData("versioning", "<VersioningConfiguration><Status>On</Status></VersioningConfiguration>", "MalformedXML")]
    [InlineData("versioning", "<VersioningConfiguration/>", "IllegalVersioningConfigurationException")]
    [InlineData("cors", "<CORSConfiguration/>", "MalformedXML")]
    [InlineData("cors", "<CORSConfiguration><CORSRule><AllowedMethod>PATCH</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>", "InvalidRequest")]
    [InlineData("cors", "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*.*</AllowedOrigin></CORSRule></CORSConfiguration>", "InvalidRequest")]
    [InlineData("encryption", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>ROT13</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>", "MalformedXML")]
    [InlineData("encryption", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>", "InvalidArgument")]
    [InlineData("object-lock", "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>", "InvalidBucketState")]
    [InlineData("ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>Nobody</ObjectOwnership></Rule></OwnershipControls>", "MalformedXML")]
    [InlineData("publicAccessBlock", "<PublicAccessBlockConfiguration><BlockPublicAcls>maybe</BlockPublicAcls></PublicAccessBlockConfiguration>", "MalformedXML")]
    [InlineData("requestPayment", "<RequestPaymentConfiguration><Payer>Me</Payer></RequestPaymentConfiguration>", "MalformedXML")]
    [InlineData("logging", "<BucketLoggingStatus><LoggingEnabled><TargetBucket>none</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>", "InvalidTargetBucketForLogging")]
    [InlineData("replication", "<ReplicationConfiguration><Role>r</Role><Rule/></ReplicationConfiguration>", "InvalidRequest")]
    [InlineData("tagging", "<Tagging><TagSet><Tag><Key>aws:x</Key><Value>b</Value></Tag></TagSet></Tagging>", "InvalidTag")]
    [InlineData("website", "<WebsiteConfiguration><ErrorDocument><Key>e</Key></ErrorDocument></WebsiteConfiguration>", "InvalidArgument")]
    [InlineData("website", "<WebsiteConfiguration><IndexDocument><Suffix>a/b</Suffix></IndexDocument></WebsiteConfiguration>", "InvalidArgument")]
    [InlineData("website", "<WebsiteConfiguration><IndexDocument><Suffix>a</Suffix></IndexDocument><RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo></WebsiteConfiguration>", "InvalidRequest")]
    [InlineData("acl", "<AccessControlPolicy/>", "MalformedXML")]
    public async Task What_S3_would_not_take_is_refused(string setting, string document, string code)
    {
        RawAnswer answer = await PutSettingAsync(setting, document);
        Assert.Equal(code, answer.Code);
        Assert.InRange(answer.Status, 400, 409);
    }

    [Theory]
    [InlineData("<Filter><Prefix/></Filter><Status>On</Status><Expiration><Days>1</Days></Expiration>", "MalformedXML")]
    [InlineData("<Status>Enabled</Status><Expiration><Days>1</Days></Expiration>", "MalformedXML")]
    [InlineData("<Prefix/><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>", "MalformedXML")]
    [InlineData("<Filter/><Status>Enabled</Status>", "InvalidRequest")]
    [InlineData("<Filter/><Status>Enabled</Status><Expiration><Days>0</Days></Expiration>", "InvalidArgument")]
    [InlineData("<Filter/><Status>Enabled</Status><Expiration/>", "MalformedXML")]
    [InlineData("<Filter/><Status>Enabled</Status><Expiration><Date>2030-01-01T05:00:00Z</Date></Expiration>", "InvalidArgument")]
    [InlineData("<Filter/><Status>Enabled</Status><Transition><Days>1</Days><StorageClass>ICE</StorageClass></Transition>", "MalformedXML")]
    [InlineData("<Filter/><Status>Enabled</Status><Transition><Days>5</Days><StorageClass>STANDARD_IA</StorageClass></Transition>", "InvalidArgument")]
    [InlineData("<Filter/><Status>Enabled</Status><NoncurrentVersionExpiration/>", "MalformedXML")]
    [InlineData("<Filter><Prefix>a</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>", "MalformedXML")]
    [InlineData("<Filter><And><Prefix>a</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>", "")]
    [InlineData("<Filter/><Status>Enabled</Status><Transition><Days>0</Days><StorageClass>GLACIER</StorageClass></Transition><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>", "")]
    [InlineData("<ID>same</ID><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule><Rule><ID>same</ID><Filter/><Status>Enabled</Status><Expiration><Days>2</Days></Expiration>", "InvalidArgument")]
    public async Task Lifecycle_rules_are_checked(string rule, string code) =>
        Assert.Equal(code, (await PutSettingAsync("lifecycle", $"<LifecycleConfiguration><Rule>{rule}</Rule></LifecycleConfiguration>")).Code);

    [Fact]
    public async Task An_object_says_when_it_expires()
    {
        await PutSettingAsync("lifecycle", "<LifecycleConfiguration><Rule><ID>a b</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>");
        PutObjectResponse put = await PutAsync("logs/x");
        Assert.Equal("a b", put.Expiration.RuleId);
        DateTime expected = DateTime.UtcNow.Date.AddDays(4);
        Assert.InRange(put.Expiration.ExpiryDate.ToUniversalTime(), expected.AddDays(-1), expected);
        Assert.Equal("a b", (await S3.GetObjectMetadataAsync(Bucket, "logs/x", Cancel)).Expiration.RuleId);
        Assert.Null((await PutAsync("other")).Expiration);
    }

    [Fact]
    public async Task Pages_of_another_origin_are_told_what_they_may_do()
    {
        await PutAsync("x");
        Assert.Equal("AccessForbidden", (await PreflightAsync("http://a.example.com", "GET")).Code);
        await PutSettingAsync("cors", "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>http://*.example.com</AllowedOrigin><AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>30</MaxAgeSeconds></CORSRule></CORSConfiguration>");
        RawAnswer allowed = await PreflightAsync("http://a.example.com", "GET", "X-Amz-Date");
        Assert.Equal((200, "http://a.example.com", "GET", "X-Amz-Date", "30"),
            (allowed.Status, allowed.Headers["Access-Control-Allow-Origin"], allowed.Headers["Access-Control-Allow-Methods"], allowed.Headers["Access-Control-Allow-Headers"], allowed.Headers["Access-Control-Max-Age"]));
        Assert.Equal(403, (await PreflightAsync("http://a.example.com", "PUT")).Status);
        Assert.Equal(403, (await PreflightAsync("http://a.example.org", "GET")).Status);
        Assert.Equal(403, (await PreflightAsync("http://a.example.com", "GET", "Content-Type")).Status);
        Assert.Equal(400, (await RawHttp.SendAsync(Emulator.Info.EndpointUrl, "OPTIONS /movies/x HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        foreach ((string key, int status) in new[] { ("x", 200), ("none", 404) })
        {
            RawAnswer answer = await RawHttp.SendAsync(
                Emulator.Info.EndpointUrl, Signer.Head("GET", "/movies/" + key, S3Signer.Hash([])) + "Origin: http://a.example.com\r\n\r\n");
            Assert.Equal((status, "http://a.example.com", "ETag"), (answer.Status, answer.Headers["Access-Control-Allow-Origin"], answer.Headers["Access-Control-Expose-Headers"]));
        }
    }

    [Fact]
    public async Task A_public_policy_is_known_as_one_and_can_be_blocked()
    {
        string policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*"}]}""";
        await PutAsync("x");
        await S3.PutBucketPolicyAsync(Bucket, policy, Cancel);
        Assert.True((await S3.GetBucketPolicyStatusAsync(new GetBucketPolicyStatusRequest { BucketName = Bucket }, Cancel)).PolicyStatus.IsPublic);
        Assert.Equal(200, await AnonymousAsync("/movies/x"));
        await S3.PutPublicAccessBlockAsync(
            new PutPublicAccessBlockRequest { BucketName = Bucket, PublicAccessBlockConfiguration = new PublicAccessBlockConfiguration { RestrictPublicBuckets = true, BlockPublicPolicy = true } }, Cancel);
        Assert.Equal(403, await AnonymousAsync("/movies/x"));
        AmazonS3Exception refused = await FailsAsync("AccessDenied", () => S3.PutBucketPolicyAsync(Bucket, policy, Cancel));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        await S3.PutBucketPolicyAsync(Bucket, policy.Replace("\"Resource\"", "\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\"127.0.0.1\"}},\"Resource\"", StringComparison.Ordinal), Cancel);
        Assert.False((await S3.GetBucketPolicyStatusAsync(new GetBucketPolicyStatusRequest { BucketName = Bucket }, Cancel)).PolicyStatus.IsPublic);
    }

    [Fact]
    public async Task Access_control_lists_count_where_the_bucket_has_them()
    {
        await PutAsync("x");
        await FailsAsync("AccessControlListNotSupported", () => S3.PutObjectAclAsync(new PutObjectAclRequest { BucketName = Bucket, Key = "x", ACL = S3CannedACL.PublicRead }, Cancel));
        await PutSettingAsync("ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>");
        Assert.Equal(403, await AnonymousAsync("/movies/x"));
        await S3.PutObjectAclAsync(new PutObjectAclRequest { BucketName = Bucket, Key = "x", ACL = S3CannedACL.PublicRead }, Cancel);
        Assert.Equal(200, await AnonymousAsync("/movies/x"));
        GetObjectAclResponse acl = await S3.GetObjectAclAsync(new GetObjectAclRequest { BucketName = Bucket, Key = "x" }, Cancel);
        Assert.Contains(acl.Grants, grant => grant.Grantee.URI?.EndsWith("/AllUsers", StringComparison.Ordinal) == true && grant.Permission == S3Permission.READ);
        Assert.Equal(403, await AnonymousAsync("/movies?list-type=2"));
        await S3.PutBucketAclAsync(new PutBucketAclRequest { BucketName = Bucket, ACL = S3CannedACL.PublicRead }, Cancel);
        Assert.Equal(200, await AnonymousAsync("/movies?list-type=2"));
        await S3.PutPublicAccessBlockAsync(
            new PutPublicAccessBlockRequest { BucketName = Bucket, PublicAccessBlockConfiguration = new PublicAccessBlockConfiguration { IgnorePublicAcls = true, BlockPublicAcls = true } }, Cancel);
        Assert.Equal(403, await AnonymousAsync("/movies/x"));
        await FailsAsync("AccessDenied", () => S3.PutObjectAclAsync(new PutObjectAclRequest { BucketName = Bucket, Key = "x", ACL = S3CannedACL.PublicRead }, Cancel));
    }

    private async Task<int> AnonymousAsync(string target) =>
        (await RawHttp.SendAsync(Emulator.Info.EndpointUrl, $"GET {target} HTTP/1.1\r\nHost: {Emulator.Info.EndpointUrl.Authority}\r\n\r\n")).Status;

    private Task<RawAnswer> PreflightAsync(string origin, string method, string? headers = null) => RawHttp.SendAsync(
        Emulator.Info.EndpointUrl,
        $"OPTIONS /movies/x HTTP/1.1\r\nHost: {Emulator.Info.EndpointUrl.Authority}\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: {method}\r\n"
            + (headers is null ? "\r\n" : $"Access-Control-Request-Headers: {headers}\r\n\r\n"));

    private Task<RawAnswer> PutSettingAsync(string setting, string document)
    {
        byte[] body = Encoding.UTF8.GetBytes(document);
        return RawHttp.SendAsync(
            Emulator.Info.EndpointUrl, Signer.Head("PUT", $"/movies?{setting}", S3Signer.Hash(body)) + $"Content-Length: {body.Length}\r\n\r\n", body);
    }

    private Task<RawAnswer> SendAsync(string method, string target) =>
        RawHttp.SendAsync(Emulator.Info.EndpointUrl, Signer.Head(method, target, S3Signer.Hash([])) + "\r\n");
}
