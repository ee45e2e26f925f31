using System.Collections;
using System.Management.Automation;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Buckets;

[Trait("Area", "Storage")]
public sealed class BucketConfigurationsOnEmulatorTests() : BucketConfigurationTests(StorageServer.Emulator)
{
    [Fact]
    public async Task A_website_comes_and_goes()
    {
        LabBucketWebsite set = Assert.Single((await RunAsync("Set-LabBucketWebsite", new
        {
            Bucket, Session, IndexDocument = "index.html", ErrorDocument = "404.html", PassThru = true,
            RoutingRule = new Hashtable { ["KeyPrefix"] = "films/", ["ReplaceKeyPrefixWith"] = "movies/", ["HttpRedirectCode"] = "302" },
        })).Ok().OutputOf<LabBucketWebsite>());
        Assert.Equal(("index.html", "404.html", null, null), (set.IndexDocument, set.ErrorDocument, set.RedirectAllRequestsTo, set.Endpoint));
        LabBucketRoutingRule rule = Assert.Single(set.RoutingRule);
        Assert.Equal(("films/", "movies/", "302", null), (rule.KeyPrefix, rule.ReplaceKeyPrefixWith, rule.HttpRedirectCode, rule.HostName));
        await CopyAsync("Website", set);

        set = Assert.Single((await RunAsync("Set-LabBucketWebsite", new { Bucket, Session, RedirectAllRequestsTo = "https://movies.example/", PassThru = true }))
            .Ok().OutputOf<LabBucketWebsite>());
        Assert.Equal((null, "https://movies.example"), (set.IndexDocument, set.RedirectAllRequestsTo));
        await RemoveTwiceAsync("Website", "NoSuchWebsiteConfiguration");
    }

    [Theory]
    [InlineData("eu-west-1", "http://movies.s3-website-eu-west-1.amazonaws.com/")]
    [InlineData("eu-central-1", "http://movies.s3-website.eu-central-1.amazonaws.com/")]
    [InlineData("cn-north-1", "http://movies.s3-website.cn-north-1.amazonaws.com.cn/")]
    public void A_website_at_Amazon_has_an_address(string region, string address) => Assert.Equal(address, BucketWebsite.Endpoint("movies", region).AbsoluteUri);

    [Theory]
    [InlineData(null, null, null, "give -IndexDocument")]
    [InlineData("a/index.html", null, null, "contains a slash")]
    [InlineData("index.html", null, "movies.example", "cannot be combined with -IndexDocument")]
    [InlineData(null, null, "https://movies.example/films", "is not a host")]
    [InlineData(null, null, "ftp://movies.example", "is not a host")]
    public async Task A_website_that_makes_no_sense_is_refused_before_anything_is_sent(string? index, string? errors, string? redirect, string says)
    {
        await using FaultProxy proxy = new(ServerUrl);
        ErrorRecord error = Assert.Single((await RunAsync("Set-LabBucketWebsite", new
        {
            Bucket, Session = await ConnectAsync(proxy.Url), IndexDocument = index, ErrorDocument = errors, RedirectAllRequestsTo = redirect,
        })).Errors);
        Assert.Equal("WebsiteInvalid", Id(error));
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.Empty(proxy.Seen);
    }

    [Fact]
    public async Task Keys_of_KMS_are_kept()
    {
        LabBucketEncryption set = Assert.Single((await RunAsync("Set-LabBucketEncryption", new { Bucket, Session, KmsKeyId = "alias/movies", BucketKey = true, PassThru = true }))
            .Ok().OutputOf<LabBucketEncryption>());
        Assert.Equal(("aws:kms", "alias/movies", true), (set.Algorithm, set.KmsKeyId, set.BucketKey));
        await CopyAsync("Encryption", set);
    }
}

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class BucketConfigurationsOnCephTests() : BucketConfigurationTests(StorageServer.Ceph)
{
    private static readonly AwsKeys Stranger = new("PLAINKEY", "plainsecret");

    [Theory]
    [InlineData("Get-LabBucketPolicy")]
    [InlineData("Get-LabBucketCors")]
    [InlineData("Get-LabBucketLifecycle")]
    [InlineData("Get-LabBucketTag")]
    [InlineData("Get-LabBucketVersioning")]
    [InlineData("Get-LabBucketEncryption")]
    [InlineData("Get-LabBucketPublicAccessBlock")]
    [InlineData("Remove-LabBucketPolicy")]
    [InlineData("Remove-LabBucketCors")]
    [InlineData("Remove-LabBucketLifecycle")]
    [InlineData("Remove-LabBucketTag")]
    [InlineData("Remove-LabBucketEncryption")]
    [InlineData("Remove-LabBucketPublicAccessBlock")]
    [InlineData("Remove-LabBucket")]
    public async Task Who_may_not_is_told_so(string cmdlet)
    {
        LabSession stranger = await ConnectAsync(keys: Stranger);
        Hashtable parameters = new() { ["Bucket"] = Bucket, ["Session"] = stranger };
        if (cmdlet.StartsWith("Remove", StringComparison.Ordinal))
        {
            parameters["Force"] = true;
        }

        ErrorRecord error = Assert.Single((await CmdletRunner.RunAsync(cmdlet, parameters)).Errors);
        Assert.Equal("AccessDenied", error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(ErrorCategory.PermissionDenied, error.CategoryInfo.Category);
        Assert.Contains(Bucket, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.ToString());
    }

    [Fact]
    public async Task Who_may_not_change_is_told_so()
    {
        LabSession stranger = await ConnectAsync(keys: Stranger);
        CmdletResult[] results =
        [
            await RunAsync("Set-LabBucketPolicy", new { Bucket, Session = stranger, Policy = ReadPolicy(Bucket) }),
            await RunAsync("Set-LabBucketCors", new { Bucket, Session = stranger, Origin = "*" }),
            await RunAsync("Set-LabBucketLifecycle", new { Bucket, Session = stranger, ExpireAfterDays = 3 }),
            await RunAsync("Set-LabBucketTag", new { Bucket, Session = stranger, Tag = new Hashtable { ["a"] = "b" } }),
            await RunAsync("Set-LabBucketVersioning", new { Bucket, Session = stranger, Status = "Enabled" }),
            await RunAsync("Set-LabBucketEncryption", new { Bucket, Session = stranger }),
            await RunAsync("Set-LabBucketPublicAccessBlock", new { Bucket, Session = stranger }),
        ];
        Assert.All(results, result => Assert.Equal("AccessDenied", Assert.Single(result.Errors).FullyQualifiedErrorId.Split(',')[0]));
    }

    [Fact]
    public async Task A_policy_lets_others_in()
    {
        await PutAsync("data/a", "seen");
        LabSession stranger = await ConnectAsync(keys: Stranger);
        Assert.NotEmpty((await RunAsync("Get-LabObjectContent", new { Bucket, Key = "data/a", Session = stranger })).Errors);
        (await RunAsync("Set-LabBucketPolicy", new { Bucket, Session, Policy = ReadPolicy(Bucket) })).Ok();
        Assert.Equal(["seen"], (await RunAsync("Get-LabObjectContent", new { Bucket, Key = "data/a", Session = stranger })).Ok().Output);
        (await RunAsync("Set-LabBucketPublicAccessBlock", new { Bucket, Session })).Ok();
        Assert.Equal("AccessDenied", Assert.Single((await RunAsync("Set-LabBucketPolicy", new { Bucket, Session, Policy = ReadPolicy(Bucket) })).Errors).FullyQualifiedErrorId.Split(',')[0]);
    }
}

/// <summary>The configurations of buckets, through their cmdlets.</summary>
public abstract class BucketConfigurationTests(StorageServer server) : StorageTest(server)
{
    private string? other;

    [Fact]
    public async Task A_policy_comes_and_goes()
    {
        await MissingAsync("Policy", "NoSuchBucketPolicy");
        LabBucketPolicy set = Assert.Single((await RunAsync("Set-LabBucketPolicy", new { Bucket, Session, Policy = ReadPolicy(Bucket), PassThru = true }))
            .Ok().OutputOf<LabBucketPolicy>());
        LabBucketPolicy got = Assert.Single((await RunAsync("Get-LabBucketPolicy", new { Bucket, Session })).Ok().OutputOf<LabBucketPolicy>());
        Assert.Equal(got.Policy, set.Policy);
        PolicyStatement statement = Assert.Single(got.Statement);
        Assert.Equal(["s3:GetObject"], statement.Action);
        Assert.True(statement.Principal!.IsEveryone);
        Assert.Equal([$"arn:aws:s3:::{Bucket}/data/*"], statement.Resource);

        // What Get writes, Set takes.
        (await RunAsync("Set-LabBucketPolicy", new { Session }, [got])).Ok();
        await RemoveTwiceAsync("Policy", "NoSuchBucketPolicy");
    }

    [Fact]
    public async Task A_policy_is_taken_from_text_and_files_and_checked_first()
    {
        await using FaultProxy proxy = new(ServerUrl);
        LabSession watched = await ConnectAsync(proxy.Url);
        File.WriteAllText(Path.Combine(Folder, "bad.json"), "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [ }\n}");
        CmdletResult bad = await RunAsync("Set-LabBucketPolicy", new { Bucket, Session = watched, Policy = "bad.json" }, location: Folder);
        Assert.StartsWith("MalformedPolicyDocument", bad.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("line 3, column 18", bad.TerminatingError.ToString(), StringComparison.Ordinal);
        Assert.Contains("bad.json", bad.TerminatingError.ToString(), StringComparison.Ordinal);
        bad = await RunAsync("Set-LabBucketPolicy", new { Bucket, Session = watched, Policy = ReadPolicy(Bucket).Replace("\"Principal\": \"*\",", "", StringComparison.Ordinal) });
        Assert.Contains("Statement[0]: Principal is missing", bad.TerminatingError!.ToString(), StringComparison.Ordinal);
        Assert.Empty(proxy.Seen);

        File.WriteAllText(Path.Combine(Folder, "good.json"), ReadPolicy(Bucket));
        (await RunAsync("Set-LabBucketPolicy", new { Bucket, Session = watched, Policy = "good.json" }, location: Folder)).Ok();
        Assert.NotEmpty((await RunAsync("Get-LabBucketPolicy", new { Bucket, Session })).Ok().Output);
    }

    [Fact]
    public async Task Cors_rules_come_and_go()
    {
        await MissingAsync("Cors", "NoSuchCORSConfiguration");
        (await RunAsync("Set-LabBucketCors", new { Bucket, Session, Origin = "https://movies.example", Method = new[] { "get", "HEAD" }, MaxAgeSeconds = 3600 })).Ok();
        (await RunAsync("Set-LabBucketCors", new { Bucket, Session, Id = "upload", Origin = new[] { "https://*.example", "http://localhost:8080" }, Method = "PUT", Header = "*", ExposeHeader = "ETag" })).Ok();

        // The same id: a change.
        LabBucketCorsRule[] rules = (await RunAsync("Set-LabBucketCors", new { Bucket, Session, Id = "upload", Origin = "http://localhost:8080", Method = "PUT", ExposeHeader = "ETag", PassThru = true }))
            .Ok().OutputOf<LabBucketCorsRule>();
        Assert.Equal(["https://movies.example", "upload"], rules.Select(rule => rule.Id));
        Assert.Equal(["GET", "HEAD"], rules[0].Method);
        Assert.Equal((3600, null), (rules[0].MaxAgeSeconds, rules[1].MaxAgeSeconds));
        Assert.Equal((Bucket, "http://localhost:8080", "ETag", 0), (rules[1].Bucket, rules[1].Origin.Single(), rules[1].ExposeHeader.Single(), rules[1].Header.Count));
        await CopyAsync("Cors", rules);

        (await RunAsync("Remove-LabBucketCors", new { Session, Force = true }, [rules[0]])).Ok();
        Assert.Equal(["upload"], (await RunAsync("Get-LabBucketCors", new { Bucket, Session })).Ok().OutputOf<LabBucketCorsRule>().Select(rule => rule.Id));
        (await RunAsync("Set-LabBucketCors", new { Bucket, Session, Rule = new Hashtable { ["Id"] = "all", ["Origin"] = "*", ["Method"] = "GET" } })).Ok();
        Assert.Equal(["all"], (await RunAsync("Get-LabBucketCors", new { Bucket, Session })).Ok().OutputOf<LabBucketCorsRule>().Select(rule => rule.Id));
        await RemoveTwiceAsync("Cors", "NoSuchCORSConfiguration");
    }

    [Fact]
    public async Task Lifecycle_rules_come_and_go()
    {
        await MissingAsync("Lifecycle", "NoSuchLifecycleConfiguration");
        (await RunAsync("Set-LabBucketLifecycle", new { Bucket, Session, Prefix = "logs/", ArchiveAfterDays = 7, StorageClass = "glacier", ExpireAfterDays = 30, Id = "x" })).Ok();
        (await RunAsync("Set-LabBucketLifecycle", new { Bucket, Session, Prefix = "tmp/", Tag = new Hashtable { ["kind"] = "draft" }, ObjectSizeGreaterThan = "1KB", ExpireAfterDays = 1, Disabled = true })).Ok();
        (await RunAsync("Set-LabBucketLifecycle", new { Bucket, Session, NoncurrentExpireAfterDays = 30, NoncurrentVersionsToKeep = 3, AbortUploadsAfterDays = 2 })).Ok();
        (await RunAsync("Set-LabBucketLifecycle", new { Bucket, Session, Prefix = "logs/", ExpireAfterDays = 60, Id = "x" })).Ok();
        LabBucketLifecycleRule[] rules = [.. (await RunAsync("Get-LabBucketLifecycle", new { Bucket, Session })).Ok().OutputOf<LabBucketLifecycleRule>().OrderBy(rule => rule.Id, StringComparer.Ordinal)];
        Assert.Equal(["all", "tmp/ kind=draft >1024", "x"], rules.Select(rule => rule.Id));
        Assert.Equal((30, 3, 2, ""), (rules[0].NoncurrentExpireAfterDays, rules[0].NoncurrentVersionsToKeep, rules[0].AbortUploadsAfterDays, rules[0].Prefix));
        Assert.Equal((false, "tmp/", 1, "draft", 1024), (rules[1].Enabled, rules[1].Prefix, rules[1].ExpireAfterDays, rules[1].Tag!["kind"], rules[1].ObjectSizeGreaterThan));
        Assert.Equal((true, "logs/", 60, 0), (rules[2].Enabled, rules[2].Prefix, rules[2].ExpireAfterDays, rules[2].Transition.Count));
        await CopyAsync("Lifecycle", rules);

        (await RunAsync("Remove-LabBucketLifecycle", new { Bucket, Session, Id = new[] { "all", "none" }, Force = true })).Ok();
        Assert.Equal(2, (await RunAsync("Get-LabBucketLifecycle", new { Bucket, Session })).Ok().Output.Count);
        await RemoveTwiceAsync("Lifecycle", "NoSuchLifecycleConfiguration");
    }

    [Fact]
    public async Task Objects_go_to_the_archive()
    {
        Hashtable first = new() { ["Date"] = new DateTime(2040, 1, 1, 0, 0, 0, DateTimeKind.Utc), ["StorageClass"] = "GLACIER" };
        (await RunAsync("Set-LabBucketLifecycle", new { Bucket, Session, Rule = new Hashtable { ["Id"] = "age", ["Prefix"] = "a/", ["Transition"] = first, ["ExpireDate"] = new DateTime(2040, 1, 2, 0, 0, 0, DateTimeKind.Utc) } })).Ok();
        LabBucketLifecycleRule rule = Assert.Single((await RunAsync("Get-LabBucketLifecycle", new { Bucket, Session })).Ok().OutputOf<LabBucketLifecycleRule>());
        LabBucketTransition move = Assert.Single(rule.Transition);
        Assert.Equal((null, "GLACIER", new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero)), (move.AfterDays, move.StorageClass, move.Date));
        Assert.Equal((new DateTimeOffset(2040, 1, 2, 0, 0, 0, TimeSpan.Zero), null), (rule.ExpireDate, rule.ExpireAfterDays));
        (await RunAsync("Set-LabBucketLifecycle", new { Bucket, Session, NoncurrentArchiveAfterDays = 5, Id = "age" })).Ok();
        rule = Assert.Single((await RunAsync("Get-LabBucketLifecycle", new { Bucket, Session })).Ok().OutputOf<LabBucketLifecycleRule>());
        Assert.Equal((5, "GLACIER"), (Assert.Single(rule.NoncurrentTransition).AfterDays, rule.NoncurrentTransition[0].StorageClass));
    }

    [Fact]
    public async Task The_public_access_block_comes_and_goes()
    {
        await MissingAsync("PublicAccessBlock", "NoSuchPublicAccessBlockConfiguration");
        LabBucketPublicAccessBlock set = Assert.Single((await RunAsync("Set-LabBucketPublicAccessBlock", new { Bucket, Session, BlockPublicPolicy = false, PassThru = true }))
            .Ok().OutputOf<LabBucketPublicAccessBlock>());
        Assert.Equal((true, true, false, true), (set.BlockPublicAcls, set.IgnorePublicAcls, set.BlockPublicPolicy, set.RestrictPublicBuckets));
        await CopyAsync("PublicAccessBlock", set);
        await RemoveTwiceAsync("PublicAccessBlock", "NoSuchPublicAccessBlockConfiguration");
    }

    [Fact]
    public async Task The_default_encryption_comes_and_goes()
    {
        LabBucketEncryption set = Assert.Single((await RunAsync("Set-LabBucketEncryption", new { Bucket, Session, PassThru = true })).Ok().OutputOf<LabBucketEncryption>());
        Assert.Equal(("AES256", null, false), (set.Algorithm, set.KmsKeyId, set.BucketKey));
        await CopyAsync("Encryption", set);
        Assert.Equal("KmsKeyUnused", Id(Assert.Single((await RunAsync("Set-LabBucketEncryption", new { Bucket, Session, Algorithm = "AES256", KmsKeyId = "k" })).Errors)));
        (await RunAsync("Remove-LabBucketEncryption", new { Bucket, Session, Force = true })).Ok();
        (await RunAsync("Remove-LabBucketEncryption", new { Bucket, Session, Force = true })).Ok();
    }

    [Fact]
    public async Task Tags_come_and_go()
    {
        await MissingAsync("Tag", "NoSuchTagSet");
        (await RunAsync("Set-LabBucketTag", new { Bucket, Session, Tag = new Hashtable { ["team"] = "film", ["cost"] = 42 } })).Ok();
        LabBucketTags set = Assert.Single((await RunAsync("Set-LabBucketTag", new { Bucket, Session, Tag = new Hashtable { ["team"] = "blå & <x>" }, PassThru = true })).Ok().OutputOf<LabBucketTags>());
        Assert.Equal([("cost", "42"), ("team", "blå & <x>")], set.Tag.Select(tag => (tag.Key, tag.Value)).Order());
        await CopyAsync("Tag", set);
        (await RunAsync("Remove-LabBucketTag", new { Bucket, Session, TagKey = new[] { "cost", "none" }, Force = true })).Ok();
        Assert.Equal(["team"], Assert.Single((await RunAsync("Get-LabBucketTag", new { Bucket, Session })).Ok().OutputOf<LabBucketTags>()).Tag.Keys);
        (await RunAsync("Set-LabBucketTag", new { Bucket, Session, Tag = new Hashtable { ["only"] = "" }, Replace = true })).Ok();
        Assert.Equal(["only"], Assert.Single((await RunAsync("Get-LabBucketTag", new { Bucket, Session })).Ok().OutputOf<LabBucketTags>()).Tag.Keys);
        await RemoveTwiceAsync("Tag", "NoSuchTagSet");
    }

    [Fact]
    public async Task Versioning_is_switched_on_and_suspended()
    {
        LabBucketVersioning off = Assert.Single((await RunAsync("Get-LabBucketVersioning", new { Bucket, Session })).Ok().OutputOf<LabBucketVersioning>());
        Assert.Equal((Bucket, BucketVersioningStatus.Off, false), (off.Bucket, off.Status, off.MfaDelete));
        (await RunAsync("Set-LabBucketVersioning", new { Session }, [off])).Ok();
        LabBucketVersioning on = Assert.Single((await RunAsync("Set-LabBucketVersioning", new { Bucket, Session, Status = "Enabled", PassThru = true })).Ok().OutputOf<LabBucketVersioning>());
        Assert.Equal(BucketVersioningStatus.Enabled, on.Status);
        Assert.Equal("VersioningStays", Id(Assert.Single((await RunAsync("Set-LabBucketVersioning", new { Session }, [off])).Errors)));
        (await RunAsync("Set-LabBucketVersioning", new { Bucket, Session, Status = "Suspended" })).Ok();
        Assert.Equal(BucketVersioningStatus.Suspended, (await new BucketVersioning(Client).GetAsync(Bucket, Token))[0].Status);
    }

    [Theory]
    [InlineData("-ExpireAfterDays", "has no action")]
    [InlineData("Late", "before or when they would move to GLACIER")]
    [InlineData("Mixed", "days and dates")]
    [InlineData("Keep", "-NoncurrentExpireAfterDays")]
    [InlineData("LongId", "at most 255 are allowed")]
    public async Task A_rule_that_makes_no_sense_is_refused_before_anything_is_sent(string kind, string says)
    {
        await using FaultProxy proxy = new(ServerUrl);
        LabSession watched = await ConnectAsync(proxy.Url);
        CmdletResult result = await RunAsync("Set-LabBucketLifecycle", kind switch
        {
            "Late" => new { Bucket, Session = watched, Rule = new LabBucketLifecycleRule { Id = "x", ExpireAfterDays = 5, Transition = [new LabBucketTransition { AfterDays = 5 }] } },
            "Mixed" => new { Bucket, Session = watched, Rule = new LabBucketLifecycleRule { Id = "x", ExpireAfterDays = 5, Transition = [new LabBucketTransition { Date = DateTimeOffset.UtcNow }] } },
            "Keep" => new { Bucket, Session = watched, Rule = new LabBucketLifecycleRule { Id = "x", ExpireAfterDays = 5, NoncurrentVersionsToKeep = 5 } },
            "LongId" => new { Bucket, Session = watched, Rule = new LabBucketLifecycleRule { Prefix = new string('p', 256), ExpireAfterDays = 5 } },
            _ => new { Bucket, Session = watched, Rule = new LabBucketLifecycleRule { Id = "x" } },
        });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal("RuleInvalid", Id(error));
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(Bucket, error.TargetObject);
        Assert.Empty(proxy.Seen);
    }

    [Fact]
    public async Task A_bad_name_or_bucket_is_one_error_and_the_others_go_on()
    {
        string[] buckets = [Bucket, "s3://x", Bucket + "-none"];
        (await RunAsync("Set-LabBucketTag", new { Bucket, Session, Tag = new Hashtable { ["a"] = "b" } })).Ok();
        foreach (string cmdlet in new[] { "Get-LabBucketTag", "Get-LabBucketVersioning" })
        {
            CmdletResult result = await RunAsync(cmdlet, new { Session }, buckets);
            Assert.Single(result.Output);
            Assert.Equal(["InvalidBucketName", "NoSuchBucket"], result.Errors.Select(Id).Order(StringComparer.Ordinal));
            Assert.Null(result.TerminatingError);
        }

        CmdletResult set = await RunAsync("Set-LabBucketCors", new { Bucket = buckets, Session, Origin = "*" });
        Assert.Equal(["InvalidBucketName", "NoSuchBucket"], set.Errors.Select(Id).Order(StringComparer.Ordinal));
        Assert.Single((await RunAsync("Get-LabBucketCors", new { Bucket, Session })).Ok().Output);
        foreach (string noun in new[] { "Policy", "Cors", "Lifecycle", "Tag", "Encryption", "PublicAccessBlock" })
        {
            Assert.Equal(noun + " NoSuchBucket", noun + " " + Id(Assert.Single((await RunAsync("Get-LabBucket" + noun, new { Bucket = Bucket + "-none", Session })).Errors)));
            Assert.Equal(noun + " NoSuchBucket", noun + " " + Id(Assert.Single((await RunAsync("Remove-LabBucket" + noun, new { Bucket = Bucket + "-none", Session, Force = true })).Errors)));
        }
    }

    [Fact]
    public async Task With_wildcards_buckets_without_it_are_passed_over()
    {
        string with = Bucket + "-with";
        await Buckets.CreateAsync(new NewBucket { Name = with, Tags = new Dictionary<string, string> { ["a"] = "b" } }, Token);
        other = with;
        CmdletResult found = (await RunAsync("Get-LabBucketTag", new { Bucket = Bucket + "*", Session })).Ok();
        Assert.Equal([with], found.OutputOf<LabBucketTags>().Select(tags => tags.Bucket));
        Assert.Contains(found.Verbose, line => line == $"Bucket '{Bucket}' has no tags.");

        // Named exactly it is an error, and the other goes on.
        CmdletResult piped = await RunAsync("Get-LabBucketTag", new { Session }, (await RunAsync("Get-LabBucket", new { Bucket = Bucket + "*", Session })).Ok().Output);
        Assert.Equal([with], piped.OutputOf<LabBucketTags>().Select(tags => tags.Bucket));
        Assert.Equal(("NoSuchTagSet", ErrorCategory.ObjectNotFound, Bucket), (Id(Assert.Single(piped.Errors)), piped.Errors[0].CategoryInfo.Category, piped.Errors[0].TargetObject));
    }

    [Fact]
    public async Task WhatIf_names_bucket_and_configuration_and_sends_nothing()
    {
        await using FaultProxy proxy = new(ServerUrl);
        LabSession watched = await ConnectAsync(proxy.Url);
        CmdletResult[] results =
        [
            await RunAsync("Set-LabBucketPolicy", new { Bucket, Session = watched, Policy = ReadPolicy(Bucket), WhatIf = true }),
            await RunAsync("Set-LabBucketCors", new { Bucket, Session = watched, Origin = "*", WhatIf = true }),
            await RunAsync("Set-LabBucketCors", new { Session = watched, WhatIf = true }, [new LabBucketCorsRule { Bucket = Bucket, Origin = ["*"], Method = ["GET"] }]),
            await RunAsync("Remove-LabBucketCors", new { Bucket, Id = "x", Session = watched, Force = true, WhatIf = true }),
            await RunAsync("Remove-LabBucketTag", new { Bucket, TagKey = "x", Session = watched, Force = true, WhatIf = true }),
            await RunAsync("Remove-LabBucketPublicAccessBlock", new { Bucket, Session = watched, Force = true, WhatIf = true }),
        ];
        string[] said = [.. results.SelectMany(result => result.Ok().Information)];
        string[] actions = ["Set policy", "Set CORS rules", "Set CORS rules", "Remove CORS rules 'x'", "Remove tags 'x'", "Remove public access block"];
        Assert.Equal(actions.Length, said.Length);
        Assert.All(actions.Zip(said), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.All(said, line => Assert.Contains($"s3://{Bucket}", line, StringComparison.Ordinal));
        Assert.Empty(proxy.Seen);
    }

    [Theory]
    [InlineData("LoseAnswer", 0)]
    [InlineData("ResetAtOnce", 0)]
    [InlineData("Status", 500)]
    [InlineData("Status", 503)]
    [InlineData("TruncateAnswer", 20)]
    public async Task A_fault_that_passes_does_no_harm(string kind, int number)
    {
        await using FaultProxy proxy = new(ServerUrl);
        LabSession faulty = await ConnectAsync(proxy.Url);
        foreach (string method in new[] { "PUT", "GET", "DELETE" })
        {
            (await RunAsync("Set-LabBucketTag", new { Bucket, Session, Tag = new Hashtable { ["old"] = "tag" } })).Ok();
            proxy.Times(1, request => request.Method == method, new Fault(Enum.Parse<FaultKind>(kind), number));
            (await RunAsync("Set-LabBucketTag", new { Bucket, Session = faulty, Tag = new Hashtable { ["m"] = method } })).Ok();
            LabBucketTags tags = Assert.Single((await RunAsync("Get-LabBucketTag", new { Bucket, Session = faulty })).Ok().OutputOf<LabBucketTags>());
            Assert.Equal([("m", method), ("old", "tag")], tags.Tag.Select(tag => (tag.Key, tag.Value)).Order());
            (await RunAsync("Remove-LabBucketTag", new { Bucket, Session = faulty, Force = true })).Ok();
        }
    }

    [Fact]
    public async Task A_fault_that_stays_is_one_error_and_changes_nothing()
    {
        (await RunAsync("Set-LabBucketTag", new { Bucket, Session, Tag = new Hashtable { ["a"] = "b" } })).Ok();
        await using FaultProxy proxy = new(ServerUrl);
        LabSession faulty = await ConnectAsync(proxy.Url);

        // What cannot be read is not overwritten.
        proxy.Times(int.MaxValue, request => request.Method == "GET", new Fault(FaultKind.Status, 500));
        ErrorRecord error = Assert.Single((await RunAsync("Set-LabBucketTag", new { Bucket, Session = faulty, Tag = new Hashtable { ["c"] = "d" } })).Errors);
        Assert.Equal(("InternalError", ErrorCategory.ResourceUnavailable), (Id(error), error.CategoryInfo.Category));
        Assert.DoesNotContain(proxy.Seen, request => request.Method == "PUT");
        Assert.Equal(["a"], Assert.Single((await RunAsync("Get-LabBucketTag", new { Bucket, Session })).Ok().OutputOf<LabBucketTags>()).Tag.Keys);
    }

    public override async ValueTask DisposeAsync()
    {
        if (other is not null)
        {
            Assert.Empty(await Buckets.RemoveAsync(other, empty: true, CancellationToken.None));
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static string ReadPolicy(string bucket) => $$"""
        { "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{{bucket}}/data/*" } ] }
        """;

    protected static string Id(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];

    protected static Task<CmdletResult> RunAsync(string name, object parameters, IEnumerable<object?>? input = null, string? location = null) =>
        CmdletRunner.RunAsync(name, parameters, input, location: location);

    /// <summary>Pipes what Get wrote to Set for a second bucket, which then has the same.</summary>
    protected async Task CopyAsync(string noun, params object[] found)
    {
        other = Bucket + "-2";
        await Buckets.CreateAsync(other, null, Token);
        (await RunAsync("Set-LabBucket" + noun, new { Bucket = other, Session }, found)).Ok();
        object?[] copies = [.. (await RunAsync("Get-LabBucket" + noun, new { Bucket = other, Session })).Ok().Output];
        Assert.Equal(found.Select(Describe).Order(StringComparer.Ordinal), copies.Select(Describe).Order(StringComparer.Ordinal));
    }

    protected async Task RemoveTwiceAsync(string noun, string code)
    {
        (await RunAsync("Remove-LabBucket" + noun, new { Bucket, Session, Force = true })).Ok();
        await MissingAsync(noun, code);
        (await RunAsync("Remove-LabBucket" + noun, new { Bucket, Session, Force = true })).Ok();
    }

    private async Task MissingAsync(string noun, string code)
    {
        ErrorRecord error = Assert.Single((await RunAsync("Get-LabBucket" + noun, new { Bucket, Session })).Errors);
        Assert.Equal((code, ErrorCategory.ObjectNotFound, Bucket), (Id(error), error.CategoryInfo.Category, error.TargetObject));
    }

    private static string Describe(object? value) => System.Text.Json.Nodes.JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(value))!.AsObject() is { } json
        && json.Remove("Bucket") ? json.ToJsonString() : "";
}
