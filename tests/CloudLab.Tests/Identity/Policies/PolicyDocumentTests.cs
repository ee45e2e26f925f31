using System.Text.Json;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using Xunit;

namespace CloudLab.Tests.Identity.Policies;

[Trait("Area", "Identity")]
public sealed class PolicyDocumentTests
{
    [Fact]
    public void Single_values_and_arrays_read_alike()
    {
        PolicyDocument document = PolicyDocument.Parse("""
            {"Version":"2012-10-17","Id":"x","Statement":
              {"Sid":"One","Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/*","arn:aws:s3:::c/*"],
               "Condition":{"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"s3:max-keys":["10",5]}}}}
            """);
        PolicyStatement statement = Assert.Single(document.Statement);
        Assert.Equal("x", document.Id);
        Assert.Equal(["s3:GetObject"], statement.Action);
        Assert.Equal(["arn:aws:s3:::b/*", "arn:aws:s3:::c/*"], statement.Resource);
        Assert.Equal(["true"], statement.Condition[0].Value);
        Assert.Equal(["10", "5"], statement.Condition[1].Value);
        Assert.Equal(
            "Allow s3:GetObject on arn:aws:s3:::b/*, arn:aws:s3:::c/* if Bool aws:SecureTransport true and NumericLessThan s3:max-keys 10, 5",
            statement.ToString());
    }

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        PolicyDocument document = PolicyDocument.Parse("""
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Deny","NotPrincipal":{"AWS":["a","b"],"Service":"ec2.amazonaws.com"},"NotAction":"s3:*","NotResource":"arn:aws:s3:::b/<ü>"},
              {"Effect":"Allow","Principal":"*","Action":["s3:Get*"],"Resource":"*",
               "Condition":{"StringLike":{"s3:prefix":["a","b"],"s3:delimiter":"/"},"Null":{"aws:TokenIssueTime":"true"}}}]}
            """);
        string json = document.ToJson(indented: false);
        Assert.Equal(json, PolicyDocument.Parse(json).ToJson(indented: false));
        Assert.Equal(json, PolicyDocument.Parse(document.ToString()).ToJson(indented: false));
        Assert.Contains("<ü>", json, StringComparison.Ordinal);
        Assert.Contains("""{"StringLike":{"s3:prefix":["a","b"],"s3:delimiter":"/"},"Null":{"aws:TokenIssueTime":"true"}}""", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Serializers_write_and_read_the_policy_language()
    {
        PolicyDocument document = new(PolicyStatements.ForBucket("movies", "data/", write: false));
        string json = JsonSerializer.Serialize(new { Document = document });
        Assert.Equal($"{{\"Document\":{document.ToJson(indented: false)}}}", json);
        Assert.Equal(document.ToJson(), JsonSerializer.Deserialize<PolicyDocument>(document.ToJson())!.ToJson());
    }

    [Fact]
    public void A_document_without_version_is_of_the_older_one() =>
        Assert.Equal("2008-10-17", PolicyDocument.Parse("""{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""").Version);

    /// <summary>JSON and what the message says of it.</summary>
    [Theory]
    [InlineData("", "line 1, column 1")]
    [InlineData("{\"Version\":\"2012-10-17\",\n \"Statement\": [}", "line 2, column 16")]
    [InlineData("{\"Version\":\"2012-10-17\",\n // read\n \"Statement\": []}", "line 2, column 2: a comment begins here")]
    [InlineData("\uFEFF{\n  \"Version\":\"2012-10-17\", /* read */ \"Statement\": []}", "line 2, column 27: a comment begins here")]
    [InlineData("# policy\n{}", "line 1, column 1: a comment begins here")]
    [InlineData("{\"Statement\":{\"effect\":\"Allow\"}}", "Statement[0]: 'effect' is not a valid element; did you mean 'Effect'?")]
    [InlineData("[]", "at its root: an object")]
    [InlineData("{}", "Statement is missing")]
    [InlineData("{\"Statement\":[]}", "Statement: the array is empty")]
    [InlineData("{\"Statement\":\"x\"}", "Statement: an object or an array")]
    [InlineData("{\"Version\":\"2012-10-18\",\"Statement\":[]}", "Version: '2012-10-18'")]
    [InlineData("{\"statement\":[]}", "'statement' is not a valid element; did you mean 'Statement'?")]
    [InlineData("{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},7]}", "Statement[1]: an object")]
    [InlineData("{\"Statement\":{\"Action\":\"*\",\"Resource\":\"*\"}}", "Statement[0]: Effect is missing")]
    [InlineData("{\"Statement\":{\"Effect\":\"allow\"}}", "Statement[0].Effect: 'allow' is neither")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\"}}", "Statement[0]: Action is missing")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Effect\":\"Deny\"}}", "Statement[0]: 'Effect' occurs twice")]
    [InlineData("{\"Statement\":[],}", "contains a trailing comma at the end.")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Actions\":\"*\"}}", "Statement[0]: 'Actions' is not a valid element; did you mean 'Action'?")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":7}}", "Statement[0].Action: a string or an array")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[\"s3:*\",7]}}", "Statement[0].Action[1]: a string")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[]}}", "Statement[0].Action: the array is empty")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"GetObject\",\"Resource\":\"*\"}}", "Statement[0].Action: 'GetObject' is not valid")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"NotAction\":\"s3:Get*\",\"Resource\":\"*\"}}", "Action and NotAction cannot be combined")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"NotResource\":\"*\"}}", "Resource and NotResource cannot be combined")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"movies\"}}", "Statement[0].Resource: 'movies' is not valid")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"ann\",\"Action\":\"s3:*\"}}", "Statement[0].Principal: write \"*\"")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{},\"Action\":\"s3:*\"}}", "Statement[0].Principal: no principal")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"Aws\":\"*\"},\"Action\":\"s3:*\"}}", "did you mean 'AWS'?")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Condition\":{\"StringLikes\":{\"s3:prefix\":\"a\"}}}}", "Statement[0].Condition: 'StringLikes' is not a condition operator; did you mean 'StringLike'?")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Condition\":{\"StringLike\":{\"prefix\":\"a\"}}}}", "Statement[0].Condition.StringLike: 'prefix' is not a condition key")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\"home\"}}}}", "Statement[0].Condition.IpAddress.aws:SourceIp: 'home'")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Condition\":{\"StringLike\":\"a\"}}}", "Statement[0].Condition.StringLike: an object")]
    [InlineData("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Condition\":[]}}", "Statement[0].Condition: an object")]
    [InlineData("{\"Statement\":[{\"Sid\":\"A\",\"Effect\":\"Allow\",\"Action\":\"*\"},{\"Sid\":\"A\",\"Effect\":\"Allow\",\"Action\":\"*\"}]}", "Statement[1].Sid: 'A' occurs twice")]
    public void An_error_names_its_place(string json, string message)
    {
        LabException error = Assert.Throws<LabException>(() => PolicyDocument.Parse(json));
        Assert.Equal(("MalformedPolicyDocument", LabErrorKind.InvalidData), (error.Code, error.Kind));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_empty_Sids_are_accepted_as_IAM_accepts_them() => Assert.Equal(
        2,
        PolicyDocument.Parse("""{"Statement":[{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"}]}""").Statement.Count);

    [Theory]
    [InlineData(PolicyKind.Identity, "\"Action\":\"s3:*\"", "Resource is missing")]
    [InlineData(PolicyKind.Identity, "\"Action\":\"s3:*\",\"Resource\":\"*\",\"Principal\":\"*\"", "Statement[0].Principal")]
    [InlineData(PolicyKind.Resource, "\"Action\":\"s3:*\",\"Resource\":\"*\"", "Principal is missing")]
    [InlineData(PolicyKind.Trust, "\"Action\":\"sts:AssumeRole\"", "Principal is missing")]
    [InlineData(PolicyKind.Trust, "\"Action\":\"sts:AssumeRole\",\"Principal\":\"*\",\"Resource\":\"*\"", "Statement[0].Resource")]
    public void The_use_decides_what_a_document_must_have(PolicyKind kind, string elements, string message)
    {
        string json = $$"""{"Statement":[{"Effect":"Allow",{{elements}}}]}""";
        PolicyDocument document = PolicyDocument.Parse(json);
        Assert.Contains(message, Assert.Throws<LabException>(() => document.Validated(kind)).Message, StringComparison.Ordinal);
    }
}
