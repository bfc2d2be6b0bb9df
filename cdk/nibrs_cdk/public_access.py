"""The downloads on the web: CloudFront over the published prefixes of the data bucket, and nothing else of it."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from nibrs_pipeline.keys import PUBLIC_PREFIXES

from nibrs_cdk import configuration
from nibrs_cdk.acknowledgments import acknowledge
from nibrs_cdk.storage import Storage

#: Requests for anything else are redirected to the index.
_TO_THE_INDEX = """
function handler(event) {
    return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: '/downloads/index.html' } } };
}
"""


class PublicAccess(Construct):
    """A distribution whose only paths to the bucket are those that Publish writes."""

    def __init__(
        self, scope: Construct, construct_id: str, *, public: configuration.PublicAccess, storage: Storage
    ) -> None:
        super().__init__(scope, construct_id)
        origin = origins.S3BucketOrigin.with_origin_access_control(storage.data)
        redirect = cloudfront.Function(self, "ToTheIndex", code=cloudfront.FunctionCode.from_inline(_TO_THE_INDEX))
        # CloudFront's own policies would keep objects without Cache-Control for a day: a fresh index beside an old zip.
        caches = cloudfront.CachePolicy(
            self,
            "Caches",
            comment="As the objects say; minutes for those that say nothing",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.minutes(5),
            max_ttl=Duration.days(1),
            enable_accept_encoding_gzip=True,
            enable_accept_encoding_brotli=True,
        )
        behavior = cloudfront.BehaviorOptions(
            origin=origin,
            cache_policy=caches,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            response_headers_policy=cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
        )
        own = public.domain_name
        certificate = acm.Certificate.from_certificate_arn(self, "Certificate", public.certificate_arn) if own else None
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="NIBRS downloads and estimates",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        function=redirect, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                    )
                ],
            ),
            additional_behaviors={f"{prefix}*": behavior for prefix in PUBLIC_PREFIXES},
            # Applies only with a domain name of your own; under CloudFront's own name TLS 1.0 is accepted in any case.
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if own else None,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            log_bucket=storage.access_logs,
            log_file_prefix="cloudfront/" if storage.access_logs else None,
            domain_names=[own] if own else None,
            certificate=certificate,
        )
        acknowledge(self.distribution, "CFR1", "The downloads are public for everybody, wherever they are.")
        acknowledge(
            self.distribution, "CFR2", "Static files without any input; there is nothing a firewall could filter."
        )
        if storage.access_logs is None:
            acknowledge(
                self.distribution, "CFR3", "The stack leaves nothing behind, so it has no place for access logs."
            )
        if not own:
            acknowledge(
                self.distribution,
                "CFR4",
                "CloudFront's own name comes with its own certificate and the TLS versions that CloudFront chooses; a "
                "domain_name in the configuration brings TLS 1.2 at least.",
            )

    def refreshed_by(self, publish: lambda_.Function) -> None:
        """Let Publish invalidate the caches' copies of what it replaced."""
        identifier = self.distribution.distribution_id
        publish.add_environment("DISTRIBUTION_ID", identifier)
        arn = Stack.of(self).format_arn(
            service="cloudfront", region="", resource="distribution", resource_name=identifier
        )
        publish.add_to_role_policy(iam.PolicyStatement(actions=["cloudfront:CreateInvalidation"], resources=[arn]))
