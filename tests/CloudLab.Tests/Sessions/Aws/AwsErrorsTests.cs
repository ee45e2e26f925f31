using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator.Http;
using CloudLab.Tests.Faults;
using CloudLab.Tests.Identity;
using Xunit;

namespace CloudLab.Tests.Sessions.Aws;

[Trait("Area", "Sessions")]
public sealed class AwsErrorsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Status, the service's code, kind, whether the command stops.</summary>
    [Theory]
    [InlineData(403, "InvalidAccessKeyId", LabErrorKind.AuthenticationFailed, true)]
    [InlineData(403, "InvalidClientTokenId", LabErrorKind.AuthenticationFailed, true)]
    [InlineData(403, "SignatureDoesNotMatch", LabErrorKind.AuthenticationFailed, true)]
    [InlineData(400, "ExpiredToken", LabErrorKind.AuthenticationFailed, true)]
    [InlineData(403, "RequestTimeTooSkewed", LabErrorKind.AuthenticationFailed, true)]
    [InlineData(403, "AccessDenied", LabErrorKind.AccessDenied, false)]
    [InlineData(403, "SomethingNew", LabErrorKind.AccessDenied, false)]
    [InlineData(404, "NoSuchEntity", LabErrorKind.NotFound, false)]
    [InlineData(404, "SomethingNew", LabErrorKind.NotFound, false)]
    [InlineData(409, "EntityAlreadyExists", LabErrorKind.AlreadyExists, false)]
    [InlineData(409, "DeleteConflict", LabErrorKind.Conflict, false)]
    [InlineData(412, "PreconditionFailed", LabErrorKind.Conflict, false)]
    [InlineData(409, "LimitExceeded", LabErrorKind.LimitExceeded, false)]
    [InlineData(400, "MalformedPolicyDocument", LabErrorKind.InvalidData, false)]
    [InlineData(400, "AuthorizationHeaderMalformed", LabErrorKind.InvalidData, false)]
    [InlineData(405, "MethodNotAllowed", LabErrorKind.NotSupported, false)]
    [InlineData(501, "NotImplemented", LabErrorKind.NotSupported, false)]
    public async Task An_answer_keeps_code_status_and_request_id(int status, string code, LabErrorKind kind, bool stops)
    {
        await using FakeServer server = new((status, FakeServer.Error(code, "Said  by\nthe service.")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(server.Client));
        Assert.Equal((code, kind, (int?)status, "r-2", stops), (error.Code, error.Kind, error.StatusCode, error.RequestId, error.StopsCommand));
        Assert.Equal($"Role 'x': Said by the service ({code}).", error.Message);
        Assert.Equal("x", error.Target);
    }

    /// <summary>Code without a message, and the words in its place.</summary>
    [Theory]
    [InlineData(409, "EntityAlreadyExists", "it already exists")]
    [InlineData(404, "NoSuchEntity", "it does not exist")]
    [InlineData(403, "AccessDenied", "access is denied")]
    [InlineData(405, "MethodNotAllowed", "does not offer this IAM operation")]
    public async Task A_service_of_few_words_gets_some(int status, string code, string words)
    {
        await using FakeServer server = new((status, FakeServer.Error(code, "")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(server.Client));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    /// <summary>What the SDK makes of a bodiless answer to HEAD, by status.</summary>
    [Theory]
    [InlineData(HttpStatusCode.MovedPermanently, "PermanentRedirect", LabErrorKind.InvalidData)]
    [InlineData(HttpStatusCode.BadRequest, "BadRequest", LabErrorKind.InvalidData)]
    [InlineData(HttpStatusCode.Forbidden, "AccessDenied", LabErrorKind.AccessDenied)]
    [InlineData(HttpStatusCode.NotFound, "NoSuchBucket", LabErrorKind.NotFound)]
    [InlineData(HttpStatusCode.PreconditionFailed, "PreconditionFailed", LabErrorKind.Conflict)]
    [InlineData(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange", LabErrorKind.InvalidData)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable", LabErrorKind.ServiceFailed)]
    public void A_bodiless_answer_is_told_by_its_status(HttpStatusCode status, string code, LabErrorKind kind)
    {
        foreach (string sdkCode in new[] { "", status.ToString(), ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture) })
        {
            AmazonServiceException answer = new(
                $"Error making request with Error Code {status} and Http Status Code {status}. No further error information was returned by the service.",
                null, ErrorType.Unknown, sdkCode, "r-3", status);
            LabException error = AwsErrors.From(answer, Aws("http://127.0.0.1:1"), "S3", "Bucket 'b'", "b", "NoSuchBucket");
            Assert.Equal((code, kind, (int?)(int)status), (error.Code, error.Kind, error.StatusCode));
            Assert.DoesNotContain("Error making request", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nothing_listening_names_the_endpoint()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Uri url = new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        listener.Stop();
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(new IdentityClient(FakeServer.SessionTo(url))));
        Assert.Equal((LabErrorKind.ConnectionFailed, "ConnectionRefused", true), (error.Kind, error.Code, error.StopsCommand));
        Assert.Contains(url.Authority, error.Message, StringComparison.Ordinal);
        Assert.Contains("-EndpointUrl", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_does_not_exist_is_named()
    {
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(new IdentityClient(FakeServer.SessionTo(new Uri("http://nowhere.invalid:9000")))));
        Assert.Equal(LabErrorKind.ConnectionFailed, error.Kind);
        Assert.Contains("nowhere.invalid:9000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Https_to_a_server_without_it_is_a_failed_connection()
    {
        await using CannedServer server = new("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        Uri url = new($"https://127.0.0.1:{server.Port}");
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(new IdentityClient(FakeServer.SessionTo(url))));
        Assert.Equal((LabErrorKind.ConnectionFailed, "TlsFailed", true), (error.Kind, error.Code, error.StopsCommand));
        Assert.Contains(url.GetLeftPart(UriPartial.Authority), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_takes_no_connection_in_time_is_unreachable()
    {
        TaskCanceledException silence = new("x", new TimeoutException("A connection could not be established within the configured ConnectTimeout."));
        LabException error = AwsErrors.From(silence, Aws("http://10.255.255.1"), "S3", "Bucket 'b'");
        Assert.Equal((LabErrorKind.ConnectionFailed, "ConnectTimeout"), (error.Kind, error.Code));
    }

    [Theory]
    [InlineData(200, "<html><body>Welcome to nginx</body></html>")]
    [InlineData(200, "this is no XML")]
    [InlineData(200, "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>")]
    [InlineData(200, "<GetRoleResponse><GetRoleResult>")]
    [InlineData(200, "")]
    public async Task What_is_no_answer_of_the_service_is_said_to_be_none(int status, string body)
    {
        await using FakeServer server = new((status, body));
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(server.Client));
        Assert.Equal((LabErrorKind.ServiceFailed, "InvalidResponse"), (error.Kind, error.Code));
        Assert.Contains("did not return a valid IAM response", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxys_error_page_is_told_by_its_status()
    {
        await using FakeServer server = new((404, "<html><body>Not here</body></html>"));
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(server.Client));
        Assert.Equal((LabErrorKind.NotFound, (int?)404), (error.Kind, error.StatusCode));
    }

    [Theory]
    [InlineData(500, "InternalFailure")]
    [InlineData(503, "ServiceUnavailable")]
    [InlineData(400, "Throttling")]
    public async Task What_passes_is_tried_again(int status, string code)
    {
        await using FakeServer server = new(
            (status, FakeServer.Error(code, "Later.")), (status, FakeServer.Error(code, "Later.")), (200, FakeServer.Ok("GetRole", "<Role/>")));
        await Call(server.Client);
        Assert.Equal(3, server.Actions.Count);
    }

    [Fact]
    public async Task What_does_not_pass_is_given_up()
    {
        await using FakeServer server = new((500, FakeServer.Error("InternalFailure", "No.")));
        LabException error = await Assert.ThrowsAsync<LabException>(() => Call(server.Client));
        Assert.Equal((LabErrorKind.ServiceFailed, "InternalFailure"), (error.Kind, error.Code));
        Assert.Equal(5, server.Actions.Count);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_tried_again()
    {
        int requests = 0;
        await using HttpServer server = HttpServer.Start(0, async exchange =>
        {
            await exchange.Body.CopyToAsync(Stream.Null, exchange.Aborted);
            if (Interlocked.Increment(ref requests) == 1)
            {
                throw new IOException("gone");
            }

            await exchange.RespondAsync(200, [], System.Text.Encoding.UTF8.GetBytes(FakeServer.Ok("GetRole", "<Role/>")));
        });
        await Call(new IdentityClient(FakeServer.SessionTo(server.Url)));
        Assert.Equal(2, requests);
    }

    [Fact]
    public async Task Cancelling_is_no_error_of_the_service()
    {
        using CancellationTokenSource stop = new();
        TaskCompletionSource arrived = new();
        await using HttpServer server = HttpServer.Start(0, async exchange =>
        {
            arrived.TrySetResult();
            await Task.Delay(Timeout.Infinite, exchange.Aborted);
        });
        Task call = new IdentityClient(FakeServer.SessionTo(server.Url)).IamAsync("GetRole", "Role 'x'", "x", stop.Token);
        await arrived.Task.WaitAsync(Cancellation);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    private static AwsConnection Aws(string url) => FakeServer.SessionTo(new Uri(url)).Aws;

    private static Task Call(IdentityClient client) => client.IamAsync("GetRole", "Role 'x'", "x", Cancellation, ("RoleName", "x"));
}
