using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using CloudLab.Emulator.Http;

namespace CloudLab.Emulator.Identity;

/// <summary>
/// IAM and STS: the AWS Query protocol, parameters as a form and answers as XML
/// (https://docs.aws.amazon.com/IAM/latest/APIReference/ and https://docs.aws.amazon.com/STS/latest/APIReference/).
/// </summary>
/// <param name="account">The account.</param>
internal sealed class QueryService(EmulatedAccount account)
{
    private const int MaxBody = 1 << 20;

    private readonly SigV4Verifier verifier = new(account, account.Clock);

    /// <summary>Answers a request that is signed for <c>iam</c> or <c>sts</c>.</summary>
    /// <param name="exchange">The request and its answer.</param>
    /// <returns>Done when answered.</returns>
    public async Task HandleAsync(HttpExchange exchange)
    {
        string requestId = Guid.NewGuid().ToString();
        bool sts = SigV4Verifier.ServiceOf(exchange) == "sts";
        XNamespace xml = sts ? "https://sts.amazonaws.com/doc/2011-06-15/" : "https://iam.amazonaws.com/doc/2010-05-08/";
        try
        {
            byte[] body = await ReadBodyAsync(exchange);
            QueryCall call = Verify(exchange, body, sts ? "sts" : "iam");
            string action = call.Required("Action");
            IReadOnlyDictionary<string, QueryAction> actions = sts ? StsActions.All : IamActions.All;
            if (!actions.TryGetValue(action, out QueryAction? run))
            {
                throw new QueryException(400, "InvalidAction", $"Could not find operation {action} for version {call.Optional("Version")}");
            }

            object?[] content;
            lock (account.Gate)
            {
                content = run(call);
            }

            XElement? result = content.Length > 0 ? new XElement(action + "Result", content) : null;
            XElement answer = new(action + "Response", result, new XElement("ResponseMetadata", new XElement("RequestId", requestId)));
            await RespondAsync(exchange, 200, InNamespace(answer, xml), requestId);
        }
        catch (QueryException e)
        {
            XElement answer = new("ErrorResponse",
                new XElement("Error",
                    new XElement("Type", e.Status < 500 ? "Sender" : "Receiver"),
                    new XElement("Code", e.Code),
                    new XElement("Message", e.Message)),
                new XElement("RequestId", requestId));
            await RespondAsync(exchange, e.Status, InNamespace(answer, xml), requestId);
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpExchange exchange)
    {
        using MemoryStream body = new();
        byte[] buffer = new byte[8192];
        int count;
        while ((count = await exchange.Body.ReadAsync(buffer, exchange.Aborted)) > 0)
        {
            body.Write(buffer, 0, count);
            if (body.Length > MaxBody)
            {
                throw new QueryException(413, "RequestEntityTooLarge", "The request is larger than 1 MiB.");
            }
        }

        return body.ToArray();
    }

    private static QueryException FromSignature(SignatureException e) => e.Problem switch
    {
        SignatureProblem.Missing => new(403, "MissingAuthenticationToken", "Missing Authentication Token"),
        SignatureProblem.UnknownKey or SignatureProblem.WrongToken =>
            new(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
        SignatureProblem.ExpiredToken => new(403, "ExpiredToken", "The security token included in the request is expired"),
        SignatureProblem.Skewed => new(403, "SignatureDoesNotMatch", Skewed(e)),
        SignatureProblem.Expired => new(403, "SignatureDoesNotMatch", "Signature expired: the time of the request is too far from the server's."),
        SignatureProblem.Malformed => new(400, "IncompleteSignature", e.Message),
        SignatureProblem.HeadersNotSigned or SignatureProblem.Mismatch or SignatureProblem.Unsupported =>
            new(403, "SignatureDoesNotMatch", e.Message),
        _ => new(403, "AccessDenied", e.Message),
    };

    // In STS's words, which say both times.
    private static string Skewed(SignatureException e)
    {
        const string Form = "yyyyMMdd'T'HHmmss'Z'";
        Dictionary<string, string> details = e.Details.ToDictionary(detail => detail.Name, detail => detail.Value);
        string sent = details["RequestTime"];
        DateTimeOffset now = DateTimeOffset.Parse(details["ServerTime"], CultureInfo.InvariantCulture);
        bool isOld = string.CompareOrdinal(sent, now.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture)) < 0;
        string limit = now.AddMinutes(isOld ? -15 : 15).UtcDateTime.ToString(Form, CultureInfo.InvariantCulture), server = now.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture);
        return isOld
            ? $"Signature expired: {sent} is now earlier than {limit} ({server} - 15 min.)"
            : $"Signature not yet current: {sent} is still later than {limit} ({server} + 15 min.)";
    }

    private static XElement InNamespace(XElement root, XNamespace xml)
    {
        foreach (XElement element in root.DescendantsAndSelf())
        {
            element.Name = xml + element.Name.LocalName;
        }

        return root;
    }

    private static Task RespondAsync(HttpExchange exchange, int status, XElement answer, string requestId) => exchange.RespondAsync(
        status,
        new HttpHeaderList { { "Content-Type", "text/xml" }, { "x-amzn-RequestId", requestId } },
        Encoding.UTF8.GetBytes(answer.ToString(SaveOptions.DisableFormatting)));

    private QueryCall Verify(HttpExchange exchange, byte[] body, string service)
    {
        try
        {
            if (!SigV4Verifier.IsSigned(exchange))
            {
                throw new SignatureException(SignatureProblem.Missing, "");
            }

            string hash = Convert.ToHexString(SHA256.HashData(body)).ToLowerInvariant();
            AccessKeyRecord key = verifier.Verify(exchange, service, hash).Key;
            return new QueryCall(account, key, QueryCall.ReadForm(body.Length > 0 ? Encoding.UTF8.GetString(body) : exchange.RawQuery));
        }
        catch (SignatureException e)
        {
            throw FromSignature(e);
        }
    }
}

/// <summary>One action: reads its parameters, checks whether the caller may, does it.</summary>
/// <param name="call">The call.</param>
/// <returns>What stands in the result; nothing where the answer has no result.</returns>
internal delegate object?[] QueryAction(QueryCall call);
