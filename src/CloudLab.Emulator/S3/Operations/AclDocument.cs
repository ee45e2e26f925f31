using System.Xml.Linq;
using CloudLab.Emulator.S3.Payload;

namespace CloudLab.Emulator.S3.Operations;

/// <summary>Access control lists as a bucket of today has them: switched off, everything is the owner's.</summary>
internal static class AclDocument
{
    /// <summary>Answers GET and PUT of ?acl, after the caller has been let through.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ownerId">Canonical user id of the owner.</param>
    /// <param name="resource">OBJECT or BUCKET, for errors.</param>
    /// <returns>Done when answered.</returns>
    public static async Task AnswerAsync(S3Request request, string ownerId, string resource)
    {
        switch (request.Method)
        {
            case "GET":
                await request.RespondAsync(new S3Xml("AccessControlPolicy").AddOwner("Owner", ownerId)
                    .Open("AccessControlList").Open("Grant")
                    .Open("Grantee", " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"")
                    .Add("ID", ownerId).Close().Add("Permission", "FULL_CONTROL"));
                break;
            case "PUT":
                byte[] body = await PayloadReceiver.ReceiveDocumentAsync(request);
                if (body.Length > 0
                    ? !SaysWhatHolds(S3Xml.Parse(body, "AccessControlPolicy"), ownerId)
                    : request.Headers.Get("x-amz-acl") is not ("private" or "bucket-owner-full-control"))
                {
                    throw new S3Exception(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
                }

                await request.RespondAsync(200);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, resource);
        }
    }

    private static bool SaysWhatHolds(XElement policy, string ownerId) =>
        policy.Descendants().Where(element => element.Name.LocalName == "Grant").All(grant =>
            S3Xml.Text(grant, "Permission") == "FULL_CONTROL"
            && S3Xml.Children(grant, "Grantee").All(grantee => S3Xml.Text(grantee, "ID") == ownerId));
}
