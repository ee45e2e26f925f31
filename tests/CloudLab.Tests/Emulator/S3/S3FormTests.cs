using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Objects that a browser's form puts, by the policy that somebody else has signed.</summary>
[Trait("Area", "Emulator")]
public sealed class S3FormTests : S3Tests
{
    private const string Key = "[\"starts-with\",\"$key\",\"in/\"]";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_form_puts_what_its_policy_says(bool version4)
    {
        byte[] data = Bytes(300_000);
        using HttpResponseMessage answer = await PostAsync(
            Fields($"[{{\"bucket\":\"movies\"}},{Key},{{\"x-amz-meta-title\":\"M\"}},[\"starts-with\",\"$Content-Type\",\"image/\"],[\"content-length-range\",1,300000]]", version4,
                ("key", "in/ü ${filename}"), ("x-amz-meta-title", "M"), ("Content-Type", "image/png")),
            data);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        GetObjectMetadataResponse head = await S3.GetObjectMetadataAsync(Bucket, "in/ü a.png", Cancel);
        Assert.Equal((300_000, "M", "image/png"), (head.ContentLength, head.Metadata["title"], head.Headers.ContentType));
        Assert.Equal("\"" + Convert.ToHexStringLower(MD5.HashData(data)) + "\"", head.ETag);
    }

    [Theory]
    [InlineData("[[\"eq\",\"$key\",\"other\"]]", "AccessDenied")]
    [InlineData("[]", "AccessDenied")]
    [InlineData("[[\"starts-with\",\"$key\",\"in/\"],[\"content-length-range\",6,10]]", "EntityTooSmall")]
    [InlineData("[[\"starts-with\",\"$key\",\"in/\"],[\"content-length-range\",0,4]]", "EntityTooLarge")]
    [InlineData("{", "InvalidPolicyDocument")]
    public async Task A_form_that_is_not_what_its_policy_says_is_refused(string conditions, string code)
    {
        using HttpResponseMessage answer = await PostAsync(Fields(conditions, true, ("key", "in/x")), "hello"u8.ToArray());
        Assert.Contains($"<Code>{code}</Code>", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty((await S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket }, Cancel)).S3Objects ?? []);
    }

    [Fact]
    public async Task A_form_without_a_good_signature_is_a_strangers()
    {
        List<(string Name, string Value)> fields = Fields($"[{Key}]", true, ("key", "in/x"));
        fields[fields.FindIndex(field => field.Name == "x-amz-signature")] = ("x-amz-signature", new string('0', 64));
        using HttpResponseMessage forged = await PostAsync(fields, [1]);
        Assert.Contains("<Code>SignatureDoesNotMatch</Code>", await forged.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using HttpResponseMessage unsigned = await PostAsync([("key", "in/x")], [1]);
        Assert.Equal(HttpStatusCode.Forbidden, unsigned.StatusCode);
        using HttpResponseMessage expired = await PostAsync(Fields($"[{Key}]", true, TimeSpan.FromMinutes(-1), ("key", "in/x")), [1]);
        Assert.Contains("Policy expired", await expired.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_is_answered_as_it_asks()
    {
        using HttpResponseMessage created = await PostAsync(
            Fields($"[{Key},{{\"success_action_status\":\"201\"}}]", true, ("key", "in/x"), ("success_action_status", "201")), [1]);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Contains("<Key>in/x</Key>", await created.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using HttpResponseMessage moved = await PostAsync(
            Fields($"[{Key},[\"starts-with\",\"$success_action_redirect\",\"\"]]", true, ("key", "in/x"), ("success_action_redirect", "http://localhost/done?a=1")), [1]);
        Assert.Equal(HttpStatusCode.SeeOther, moved.StatusCode);
        Assert.StartsWith("http://localhost/done?a=1&bucket=movies&key=in%2Fx&etag=", moved.Headers.Location!.AbsoluteUri, StringComparison.Ordinal);
    }

    private List<(string Name, string Value)> Fields(string conditions, bool version4, params (string Name, string Value)[] fields) =>
        Fields(conditions, version4, TimeSpan.FromMinutes(5), fields);

    private List<(string Name, string Value)> Fields(string conditions, bool version4, TimeSpan valid, params (string Name, string Value)[] fields)
    {
        S3Signer signer = Signer;
        string day = DateTime.UtcNow.ToString("yyyyMMdd", CultureInfo.InvariantCulture), date = day + "T000000Z", scope = $"{signer.AccessKey}/{day}/us-east-1/s3/aws4_request";
        string own = version4
            ? $"{{\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\"}},{{\"x-amz-credential\":\"{scope}\"}},{{\"x-amz-date\":\"{date}\"}}"
            : "[\"starts-with\",\"$key\",\"\"]";
        string all = conditions.EndsWith(']') ? conditions[..^1] + (conditions.Length > 2 ? "," : "") + own + "]" : conditions;
        string expiration = (DateTime.UtcNow + valid).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string policy = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{{\"expiration\":\"{expiration}\",\"conditions\":{all}}}"));
        List<(string, string)> result = [.. fields, ("policy", policy)];
        if (version4)
        {
            byte[] key = Encoding.UTF8.GetBytes("AWS4" + signer.SecretKey);
            foreach (string part in new[] { day, "us-east-1", "s3", "aws4_request" })
            {
                key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
            }

            result.AddRange([
                ("x-amz-algorithm", "AWS4-HMAC-SHA256"), ("x-amz-credential", scope), ("x-amz-date", date),
                ("x-amz-signature", Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(policy))))]);
        }
        else
        {
#pragma warning disable CA5350 // The scheme is what it is.
            string signature = Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(signer.SecretKey), Encoding.UTF8.GetBytes(policy)));
#pragma warning restore CA5350
            result.AddRange([("AWSAccessKeyId", signer.AccessKey), ("signature", signature)]);
        }

        return result;
    }

    private async Task<HttpResponseMessage> PostAsync(IEnumerable<(string Name, string Value)> fields, byte[] file)
    {
        using HttpClient client = new(new HttpClientHandler { AllowAutoRedirect = false });
        using MultipartFormDataContent form = [];
        foreach ((string name, string value) in fields)
        {
            StringContent content = new(value);
            content.Headers.ContentType = null;
            form.Add(content, $"\"{name}\"");
        }

        form.Add(new ByteArrayContent(file), "\"file\"", "\"a.png\"");
        return await client.PostAsync(new Uri(Emulator.Info.EndpointUrl, "/movies"), form, Cancel);
    }
}
