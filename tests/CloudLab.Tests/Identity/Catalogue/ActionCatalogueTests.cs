using System.Management.Automation;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Review;
using Xunit;

namespace CloudLab.Tests.Identity.Catalogue;

[Trait("Area", "Identity")]
public class ActionCatalogueTests
{
    [Fact]
    public void An_action_has_level_resources_keys_and_dependent_actions()
    {
        LabAction get = ActionCatalogue.Find("S3:getobject")!;
        Assert.Equal(("s3:GetObject", "Amazon S3", AccessLevel.Read), (get.Action, get.ServiceName, get.AccessLevel));
        Assert.Contains(get.Resource, type => type.Name == "object" && type.Arn == "arn:${Partition}:s3:::${BucketName}/${ObjectName}");
        Assert.Contains("s3:ExistingObjectTag/${TagKey}", get.ConditionKey);
        Assert.Contains("iam:PassRole", ActionCatalogue.Find("ec2:RunInstances")!.DependentAction);
        Assert.Equal(AccessLevel.PermissionsManagement, ActionCatalogue.Find("iam:AttachRolePolicy")!.AccessLevel);
        Assert.Null(ActionCatalogue.Find("s3:HeadObject"));
        Assert.Null(ActionCatalogue.Find("nothing:GetObject"));
        Assert.Null(ActionCatalogue.Find("s3"));
    }

    [Fact]
    public void All_services_are_there_and_every_action_reads()
    {
        Assert.True(ActionCatalogue.Services.Count > 400);
        List<LabAction> all = [.. ActionCatalogue.Match("*")];
        Assert.True(all.Count > 20_000, $"{all.Count} actions");
        Assert.All(all, action => Assert.True(action.Description.Length > 0 && action.Resource.All(type => type.Arn.Length > 0), action.Action));
        Assert.True(ActionCatalogue.Date.Year >= 2026);
    }

    [Theory]
    [InlineData("s3:*Tag*", "s3:PutObjectTagging", true)]
    [InlineData("*:*passrole", "iam:PassRole", true)]
    [InlineData("iam:Get?ser", "iam:GetUser", true)]
    [InlineData("s3:Get*", "s3:PutObject", false)]
    public void A_pattern_stands_for_actions(string pattern, string action, bool matches) =>
        Assert.Equal(matches, ActionCatalogue.Match(pattern).Any(found => found.Action == action));

    [Theory]
    [InlineData("s3", "HeadObject", "s3:GetObject")]
    [InlineData("s3.amazonaws.com", "ListObjectsV2", "s3:ListBucket")]
    [InlineData("s3", "CopyObject", "s3:GetObject,s3:PutObject")]
    [InlineData("s3", "HeadBucket", "s3:ListBucket")]
    [InlineData("s3", "CreateMultipartUpload", "s3:PutObject")]
    [InlineData("s3", "ListObjectVersions", "s3:ListBucketVersions")]
    [InlineData("s3", "DeleteObjects", "s3:DeleteObject")]
    [InlineData("s3", "GetBucketCors", "s3:GetBucketCORS")]
    [InlineData("lambda.amazonaws.com", "CreateFunction20150331", "lambda:CreateFunction")]
    [InlineData("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", "lambda:UpdateFunctionCode")]
    [InlineData("monitoring.amazonaws.com", "PutMetricData", "cloudwatch:PutMetricData")]
    [InlineData("apigateway.amazonaws.com", "CreateRestApi", "apigateway:POST")]
    [InlineData("sts.amazonaws.com", "GetCallerIdentity", "")]
    [InlineData("s3", "NoSuchCall", "")]
    public void A_call_needs_permissions(string service, string call, string permissions) =>
        Assert.Equal(permissions, string.Join(',', ApiCalls.PermissionsOf(service, call)));

    [Fact]
    public void The_permissions_of_calls_exist()
    {
        string[] calls = ["HeadObject", "GetBucketEncryption", "PutBucketReplication", "ListBucketMetricsConfigurations", "DeletePublicAccessBlock", "GetObjectLockConfiguration", "GetObjectAttributes"];
        Assert.All(calls, call => Assert.All(ApiCalls.PermissionsOf("s3", call), permission => Assert.NotNull(ActionCatalogue.Find(permission))));
        Assert.All(new[] { ("dynamodb", "TransactWriteItems"), ("kms", "ReEncrypt"), ("sqs", "SendMessageBatch"), ("bedrock", "Converse"), ("secretsmanager", "BatchGetSecretValue") },
            call => Assert.All(ApiCalls.PermissionsOf(call.Item1, call.Item2), permission => Assert.NotNull(ActionCatalogue.Find(permission))));
    }

    [Theory]
    [InlineData("s3:HeadObject", "its permission is s3:GetObject")]
    [InlineData("s3:GetObjekt", "Did you mean s3:GetObject?")]
    [InlineData("elb:CreateRule", "elasticloadbalancing:CreateRule")]
    [InlineData("ec2:CreateRole", "iam:CreateRole")]
    [InlineData("sts:GetCallerIdentity2", "sts:GetCallerIdentity")]
    [InlineData("PassRole", "iam:PassRole")]
    [InlineData("qqq:Zzz", "No service has the prefix 'qqq'")]
    public void What_was_meant_is_said(string action, string words) => Assert.Contains(words, ApiCalls.WhatWasMeant(action), StringComparison.Ordinal);

    [Theory]
    [InlineData("s3:PutObject", "s3:x-amz-acl", true)]
    [InlineData("s3:GetObject", "s3:prefix", false)]
    [InlineData("s3:GetObject", "aws:TokenIssueTime", true)]
    [InlineData("s3:GetObject", "AWS:sourceip", true)]
    [InlineData("ec2:TerminateInstances", "aws:ResourceTag/team", true)]
    [InlineData("ec2:TerminateInstances", "ec2:ResourceTag/team", true)]
    [InlineData("sts:AssumeRoleWithWebIdentity", "oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub", true)]
    [InlineData("s3:ListBucket", "aws:RequestTag/team", false)]
    public void A_condition_key_is_known_to_an_action(string action, string key, bool known) =>
        Assert.Equal(known, ActionCatalogue.Supports(ActionCatalogue.Find(action)!, key));

    [Fact]
    public void Every_action_of_the_escalation_paths_exists() =>
        Assert.DoesNotContain(EscalationPath.All.SelectMany(path => path.Steps), step => ActionCatalogue.Find(step.Action) is null);

    [Fact]
    public async Task Actions_are_found_by_level_and_resource()
    {
        CmdletResult result = (await CmdletRunner.RunAsync("Find-LabAction", new { Action = "s3:*Tag*", AccessLevel = "Tagging", Resource = "object" })).Ok();
        Assert.Contains(result.OutputOf<LabAction>(), action => action.Action == "s3:PutObjectTagging");
        Assert.DoesNotContain(result.OutputOf<LabAction>(), action => action.Action is "s3:PutBucketTagging" or "s3:GetObjectTagging");
        Assert.Contains((await CmdletRunner.RunAsync("Find-LabAction", new { Action = "*", Service = "s3", ConditionKey = "s3:prefix" })).Ok().OutputOf<LabAction>(), action => action.Action == "s3:ListBucket");
        Assert.Equal(["iam:PassRole"], (await CmdletRunner.RunAsync("Find-LabAction", new { Action = "PassRole" })).Ok().OutputOf<LabAction>().Select(action => action.Action));
    }

    [Fact]
    public async Task An_unknown_action_is_one_error_and_the_others_go_on()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Find-LabAction", new { Action = new[] { "s3:HeadObject", "s3:GetObject" } });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("ActionNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("s3:GetObject", error.Exception.Message, StringComparison.Ordinal);
        Assert.Single(result.OutputOf<LabAction>());
        Assert.StartsWith("ServiceNotFound", (await CmdletRunner.RunAsync("Find-LabAction", new { Service = "elb" })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }
}
